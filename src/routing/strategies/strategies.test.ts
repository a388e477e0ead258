import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { withAffinity, type Pin } from '../affinity.ts'
import type { Candidate } from '../candidate.ts'
import { strategyConformance, strategyInputs } from './conformance.ts'
import { STRATEGIES } from './index.ts'
import type { StrategyInput } from './strategy.types.ts'

const pinTo = (target: string): Pin => ({ target: target as never, account: undefined, keeps: 'cache' })

for (const [name, strategy] of STRATEGIES) strategyConformance(name, strategy)
for (const [name, strategy] of STRATEGIES)
  strategyConformance(`session affinity over ${name}`, withAffinity(strategy, pinTo('p/m0')))

interface Draft {
  readonly facts?: Partial<Candidate['facts']> | undefined
  readonly observed?: Partial<Candidate['observed']> | undefined
}

function inputOf(drafts: readonly Draft[], more: Partial<StrategyInput> = {}): StrategyInput {
  const candidates = drafts.map(({ facts, observed }, position): Candidate => ({
    target: { id: `p/${position}`, provider: 'p', model: String(position), format: 'openai' } as Candidate['target'],
    position,
    standing: 'healthy',
    facts: { capabilities: {}, tags: [], ...facts },
    observed: { accountsAvailable: 1, accountsTotal: 1, circuit: 'closed', inFlight: 0, ...observed },
  }))
  return {
    candidates,
    peers: candidates,
    question: { stream: true, estimatedInputTokens: 1_000, maxOutputTokens: undefined },
    seed: 1,
    cursor: 0,
    weightOf: () => 1,
    profile: {},
    tieBreakSamples: 8,
    ...more,
  }
}

function orderOf(name: string, input: StrategyInput): number[] {
  const strategy = STRATEGIES.get(name)
  const step = strategy?.step(strategy.start, input)
  if (step === undefined || !('decide' in step)) throw new Error('no decision')
  return step.decide.map(({ position }) => position)
}

const price = (dollars: number): Draft['facts'] => ({
  price: { rates: { input: dollars * 1e9, output: dollars * 1e9 }, contextTiers: [] },
})

describe('round robin', () => {
  test('lets each begin in turn', () => {
    const turns = [0, 1, 2, 3].map((cursor) => orderOf('round_robin', inputOf([{}, {}, {}], { cursor })))
    expect(turns).toEqual([
      [0, 1, 2],
      [1, 2, 0],
      [2, 0, 1],
      [0, 1, 2],
    ])
  })
})

describe('weighted random', () => {
  test('draws each target about as often as its weight says', () => {
    const weights = [1, 3, 0]
    const firsts = [0, 0, 0]
    for (let draw = 0; draw < 4_000; draw++) {
      const seed = Math.imul(draw, 0x9e3779b1) >>> 0
      const [first = 0] = orderOf(
        'weighted_random',
        inputOf([{}, {}, {}], { seed, weightOf: ({ position }) => weights[position] ?? 0 }),
      )
      firsts[first] = (firsts[first] ?? 0) + 1
    }
    expect(firsts[0]).toBeGreaterThan(850)
    expect(firsts[0]).toBeLessThan(1150)
    expect(firsts[2]).toBe(0)
  })

  test('never puts weight 0 before another', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const order = orderOf('weighted_random', inputOf([{}, {}, {}, {}], { seed, weightOf: ({ position }) => position % 2 }))
        expect(order.slice(2)).toEqual([0, 2])
      }),
    )
  })
})

describe('least latency', () => {
  const measured = (ttftMs: number, totalMs: number, inFlight = 0): Draft => ({ observed: { ttftMs, totalMs, inFlight } })

  test('goes by the first token for streams and by the whole time otherwise', () => {
    const drafts = [measured(300, 1_000), measured(100, 5_000)]
    expect(orderOf('least_latency', inputOf(drafts))).toEqual([1, 0])
    const whole = { stream: false, estimatedInputTokens: 1, maxOutputTokens: undefined }
    expect(orderOf('least_latency', inputOf(drafts, { question: whole }))).toEqual([0, 1])
  })

  test('lets one unmeasured target explore, and only while it serves nobody', () => {
    expect(orderOf('least_latency', inputOf([measured(300, 1), {}, {}, measured(100, 1)]))).toEqual([1, 3, 0, 2])
    const busy: Draft = { observed: { inFlight: 1 } }
    expect(orderOf('least_latency', inputOf([measured(300, 1), busy, {}, measured(100, 1)]))).toEqual([2, 3, 0, 1])
    expect(orderOf('least_latency', inputOf([measured(300, 1), busy, busy, measured(100, 1)]))).toEqual([3, 0, 1, 2])
  })
})

describe('lowest cost', () => {
  test('puts the cheapest for this request first and the unpriced last', () => {
    const longPrompt: Draft['facts'] = { price: { rates: { input: 1e9, output: 90e9 }, contextTiers: [] } }
    const shortPrompt: Draft['facts'] = { price: { rates: { input: 9e9, output: 9e9 }, contextTiers: [] } }
    const drafts = [{}, { facts: longPrompt }, { facts: shortPrompt }]
    const asking = (estimatedInputTokens: number) => ({
      question: { stream: false, estimatedInputTokens, maxOutputTokens: undefined },
    })
    expect(orderOf('lowest_cost', inputOf(drafts, asking(100)))).toEqual([2, 1, 0])
    expect(orderOf('lowest_cost', inputOf(drafts, asking(100_000)))).toEqual([1, 2, 0])
  })

  test('breaks a tie by outcomes only when all of the tied have enough of them', () => {
    const tied = (health: number, samples: number): Draft => ({
      facts: price(1),
      observed: { outcome: { health, samples, successRate: health, truncationRate: 0 } },
    })
    expect(orderOf('lowest_cost', inputOf([tied(0.6, 20), tied(0.9, 20)]))).toEqual([1, 0])
    expect(orderOf('lowest_cost', inputOf([tied(0.6, 20), tied(0.9, 3)]))).toEqual([0, 1])
  })
})

describe('least busy', () => {
  test('counts calls, or shares of limits when everybody has one', () => {
    const load = (inFlight: number, maxConcurrency?: number): Draft => ({ observed: { inFlight, maxConcurrency } })
    expect(orderOf('least_busy', inputOf([load(3), load(1, 2)]))).toEqual([1, 0])
    expect(orderOf('least_busy', inputOf([load(3, 30), load(1, 2)]))).toEqual([0, 1])
  })
})

describe('a score', () => {
  test('does not punish a provider for having a single account', () => {
    const accounts = (accountsAvailable: number, accountsTotal: number): Draft => ({
      observed: { accountsAvailable, accountsTotal },
    })
    const profile = { account_availability: 1 }
    expect(orderOf('score', inputOf([accounts(1, 1), accounts(4, 4)], { profile }))).toEqual([0, 1])
    expect(orderOf('score', inputOf([accounts(2, 4), accounts(1, 1)], { profile }))).toEqual([1, 0])
  })

  test('orders by the weights of its profile', () => {
    const drafts = [{ facts: { ...price(10), contextWindow: 1_000_000 } }, { facts: { ...price(1), contextWindow: 8_000 } }]
    expect(orderOf('score', inputOf(drafts, { profile: { cost: 0.6, context_fit: 0.1 } }))).toEqual([1, 0])
    expect(orderOf('score', inputOf(drafts, { profile: { cost: 0.1, context_fit: 0.6 } }))).toEqual([0, 1])
  })

  test('is between 0 and 1, whatever is known', () => {
    fc.assert(
      fc.property(strategyInputs(), (input) => {
        const strategy = STRATEGIES.get('score')
        const line = strategy?.explain(input.candidates, input) ?? ''
        const value = Number(/score=([\d.]+)$/.exec(line)?.[1])
        expect(value).toBeGreaterThanOrEqual(0)
        expect(value).toBeLessThanOrEqual(1)
      }),
    )
  })
})

describe('session affinity', () => {
  test('puts the target of the session first and keeps the order of the others', () => {
    const input = inputOf([{ facts: price(3) }, { facts: price(2) }, { facts: price(1) }])
    const inner = STRATEGIES.get('lowest_cost')
    if (inner === undefined) throw new Error('no strategy')
    const step = withAffinity(inner, pinTo('p/0')).step(undefined, input)
    expect('decide' in step ? step.decide.map(({ position }) => position) : []).toEqual([0, 2, 1])
  })

  test('changes nothing for a session whose target is not among the candidates', () => {
    fc.assert(
      fc.property(strategyInputs(), (input) => {
        const inner = STRATEGIES.get('least_busy')
        if (inner === undefined) throw new Error('no strategy')
        expect(withAffinity(inner, pinTo('p/elsewhere')).step(undefined, input)).toEqual(inner.step(undefined, input))
      }),
    )
  })
})
