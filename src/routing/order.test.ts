import { describe, expect, test } from 'bun:test'
import { plainQuestion, snapshotOf, stateOf } from '../../test/support/routing-worlds.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { RouteDecision, RoutePlan } from '../ir/decision.ts'
import type { DecisionQuestion } from '../ir/question.ts'
import type { RoutingSnapshot } from '../ir/snapshot.ts'
import { beginDecision, decide, type DecisionState } from './decide.ts'
import { explainDecision } from './explain-decision.ts'
import { nobodyLeft } from './nobody-left.ts'
import { resolveRoute } from './resolve-route.ts'
import { STRATEGIES } from './strategies/index.ts'
import type { Strategy } from './strategies/strategy.types.ts'

const PROVIDERS = ['a', 'b', 'c'].map((id, index) => ({
  id,
  type: 'openai_compatible',
  base_url: `http://127.0.0.1:${index + 1}/v1`,
  api_key: 'k',
}))

const world = (route: object = {}, more: object = {}): RoutingSnapshot =>
  snapshotOf({
    providers: PROVIDERS,
    routes: [{ name: 'r', match: { model: 'r' }, targets: ['a/m', 'b/m', 'c/m'], ...route }],
    ...more,
  })

const planOf = (snapshot: RoutingSnapshot, state: DecisionState, question: Partial<DecisionQuestion> = {}): RoutePlan => {
  const asked = plainQuestion('r', question)
  return decide(snapshot, resolveRoute(snapshot, asked), asked, state)
}

const order = (plan: RoutePlan): string => plan.targets.map(({ provider }) => provider).join('')

function explained(snapshot: RoutingSnapshot, state: DecisionState, question: Partial<DecisionQuestion> = {}): RouteDecision {
  const asked = plainQuestion('r', question)
  return explainDecision('req_1', planOf(snapshot, state, question), asked)
}

const price = (dollars: number) => ({ price: { rates: { input: dollars * 1e9, output: dollars * 1e9 }, contextTiers: [] } })
const badly = { outcome: { health: 0.4, samples: 20, successRate: 0.4, truncationRate: 0, demoted: 'success' as const } }

describe('whoever can serve stands before whoever probably cannot', () => {
  test.each([
    ['without a usable account', { accountsAvailable: 0 }],
    ['with an open circuit', { circuit: 'open' as const }],
    ['at its limit of calls', { inFlight: 4, maxConcurrency: 4 }],
    ['that does badly', badly],
  ])('%s', (_what, observed) => {
    expect(order(planOf(world(), stateOf({}, { 'a/m': observed })))).toBe('bca')
    expect(
      order(
        planOf(
          world({ strategy: 'lowest_cost' }),
          stateOf({ 'a/m': price(1), 'b/m': price(2), 'c/m': price(3) }, { 'a/m': observed }),
        ),
      ),
    ).toBe('bca')
  })

  test('and who does badly before who cannot be called at all', () => {
    expect(order(planOf(world(), stateOf({}, { 'a/m': { circuit: 'open' }, 'b/m': badly })))).toBe('cba')
  })

  test('but a circuit that is half open keeps its place, or nobody would ever probe it', () => {
    expect(order(planOf(world(), stateOf({}, { 'a/m': { circuit: 'half_open' } })))).toBe('abc')
  })

  test('and says so', () => {
    const { reason } = explained(world(), stateOf({}, { 'a/m': { accountsAvailable: 0 }, 'b/m': badly }))
    expect(reason).toContain('demoted 1 target(s) that cannot be called now')
    expect(reason).toContain('outcome/demote target=b/m reason=success ok=40.0% trunc=0.0% n=20')
  })
})

test('`cost_unknown: penalize` puts targets without a price behind the others, whatever the strategy', () => {
  const state = stateOf({ 'b/m': price(9), 'c/m': price(1) })
  expect(order(planOf(world({ cost_unknown: 'penalize' }), state))).toBe('bca')
  expect(order(planOf(world(), state))).toBe('abc')
})

describe('a session', () => {
  const session = { target: 'c/m' as never, account: 'spare' as never }
  const state = stateOf({ 'a/m': price(1), 'b/m': price(2), 'c/m': price(3) })

  test('stays with the target and the account that served it, and says so', () => {
    const plan = planOf(world({ strategy: 'lowest_cost' }), state, { session })
    expect(order(plan)).toBe('cab')
    expect(plan.account as string).toBe('spare')
    const { reason } = explained(world({ strategy: 'lowest_cost' }), state, { session })
    expect(reason).toContain('affinity: kept=c/m, which served this session before and has its prompt cached')
    expect(reason).toContain('affinity: account=spare')
  })

  test('leaves a target that has become worse, and says why', () => {
    const worse = stateOf({}, { 'c/m': badly })
    const plan = planOf(world({ strategy: 'lowest_cost' }), worse, { session })
    expect(order(plan)).toBe('abc')
    expect(plan.account).toBeUndefined()
    expect(explained(world({ strategy: 'lowest_cost' }), worse, { session }).reason).toContain(
      'affinity: left=c/m, it is demoted',
    )
  })

  test('follows the order of the route where the operator wrote one down', () => {
    expect(order(planOf(world(), state, { session }))).toBe('abc')
    expect(order(planOf(world({ affinity: 'session' }), state, { session }))).toBe('cab')
  })

  test('stays with its account there too, unless the operator wants neither', () => {
    const first = { target: 'a/m' as never, account: 'spare' as never }
    expect(planOf(world(), state, { session: first }).account as string).toBe('spare')
    expect(explained(world(), state, { session: first }).reason).toContain('affinity: account=spare')
    expect(planOf(world(), state, { session }).account).toBeUndefined()
    expect(planOf(world({ affinity: 'none' }), state, { session: first }).account).toBeUndefined()
  })
})

describe('a request that continues an answer', () => {
  const origin = { kind: 'known', target: 'b/m', account: 'default' } as never
  const cheap = stateOf({ 'a/m': price(1), 'b/m': price(2), 'b/n': price(1), 'c/m': price(3) })
  const targets = ['a/m', 'b/n', 'b/m', 'c/m']

  test('may only be served where the turns before are kept, by the same model first, whatever strategy and session say', () => {
    const session = { target: 'c/m' as never, account: 'spare' as never }
    for (const affinity of ['session', 'none']) {
      const plan = planOf(world({ targets, strategy: 'lowest_cost', affinity }), cheap, { origin, session })
      expect(plan.targets.map(({ id }) => id as string)).toEqual(['b/m', 'b/n'])
      expect(plan.account as string).toBe('default')
    }
    const { reason, rejected, inputs } = explained(world({ targets, strategy: 'lowest_cost' }), cheap, { origin, session })
    expect(reason).toContain('origin: kept=b/m, which gave the answer that the request continues')
    expect(reason).toContain('origin: account=default')
    expect(rejected.map(({ target_id, code }) => [target_id, code])).toEqual([
      ['a/m', 'state_elsewhere'],
      ['c/m', 'state_elsewhere'],
    ])
    expect(inputs.origin).toEqual({ target_id: 'b/m', account_id: 'default' })
  })

  test('is refused when the account is not configured any more', () => {
    const gone = { kind: 'known', target: 'b/m', account: 'former' } as never
    const { selected, rejected } = explained(world(), stateOf(), { origin: gone })
    expect(selected).toBeNull()
    expect(rejected.find(({ target_id }) => target_id === 'b/m')?.reason).toBe(
      'the request continues an answer given for account former, which is not configured any more',
    )
    expect(nobodyLeft(rejected)).toBe('translation_refused')
  })

  test('may go elsewhere on a route that allows losses, after the one that keeps them', () => {
    const allow = world({ strategy: 'lowest_cost', translation: 'allow' })
    expect(order(planOf(allow, cheap, { origin }))).toBe('bac')
    const away = stateOf({}, { 'b/m': { circuit: 'open' } })
    expect(order(planOf(allow, away, { origin }))).toBe('acb')
    expect(explained(allow, away, { origin }).reason).toContain('origin: left=b/m, it is unavailable')
  })

  test('goes the ordinary way when nobody remembers the answer, and says so', () => {
    const unknown = { kind: 'unknown' } as const
    expect(order(planOf(world(), stateOf(), { origin: unknown }))).toBe('abc')
    const { reason, inputs } = explained(world(), stateOf(), { origin: unknown })
    expect(reason).toContain('origin: unknown, nobody here remembers the answer that the request continues')
    expect(inputs.origin).toEqual({})
  })

  test('whose prompt does not fit the only place is told so, that its agent compacts', () => {
    const small = stateOf({ 'b/m': { contextWindow: 50 } })
    expect(nobodyLeft(explained(world(), small, { origin }).rejected)).toBe('context_window_exceeded')
  })
})

describe('hints of a client', () => {
  const state = stateOf(
    { 'a/m': price(9), 'b/m': price(1), 'c/m': price(5) },
    { 'a/m': { totalMs: 900, ttftMs: 90 }, 'b/m': { totalMs: 5000, ttftMs: 900 }, 'c/m': { totalMs: 100, ttftMs: 10 } },
  )

  test('for no fallback leave one target, and stand in the decision with a deadline', () => {
    const hints = { noFallback: true, deadlineMs: 700 }
    expect(planOf(world(), state, { hints })).toMatchObject({ targets: [{ id: 'a/m' }], noFallback: true, deadlineMs: 700 })
    expect(explained(world(), state, { hints })).toMatchObject({
      fallbacks: [],
      no_fallback: true,
      deadline_ms: 700,
      inputs: { hints: { no_fallback: true, deadline_ms: 700 } },
    })
    expect(explained(world(), state, { hints }).reason).toContain('no_fallback=true: 2 further target(s) are not used')
  })

  test('for a strategy are refused unless the operator allows them', () => {
    const hints = { strategy: 'lowest_cost' }
    expect(() => planOf(world(), state, { hints })).toThrow('does not let clients choose')
    const open = world({}, { server: { client_strategies: true } })
    expect(planOf(open, state, { hints }).strategy).toBe('lowest_cost')
    expect(() => planOf(open, state, { hints: { strategy: 'score' } })).toThrow('There is no strategy')
  })

  test('on latency order what the operator has not ordered', () => {
    const latency = { latency: 'interactive' as const }
    expect(explained(world(), state, { hints: latency }).reason).toContain(
      'hint: latency=interactive changes nothing, the operator has set the order of this route',
    )
    const open = world({}, { server: { client_strategies: true } })
    expect(order(planOf(open, state, { hints: latency }))).toBe('cab')
    expect(order(planOf(open, state, { hints: { latency: 'batch' } }))).toBe('bca')
    expect(planOf(world({ strategy: 'auto' }), state, { hints: latency }).strategy).toBe('auto/fast')
  })
})

describe('a list of models', () => {
  const snapshot = world({ targets: ['a/m', 'b/m'] }, { combos: [{ name: 'x', targets: ['b/m', 'c/n'] }] })
  const resolved = (models: string[], model = 'r') => {
    const asked = plainQuestion(model, { hints: { models } })
    return decide(snapshot, resolveRoute(snapshot, asked), asked, stateOf())
  }

  test('is tried in its order after the model itself, every target once', () => {
    expect(resolved(['combo/x', 'c/z', 'r'])).toMatchObject({
      route: 'models:r,combo/x,direct',
      targets: [{ id: 'a/m' }, { id: 'b/m' }, { id: 'c/n' }, { id: 'c/z' }],
    })
  })

  test('says which of its names lead nowhere, and is refused only when all of them do', () => {
    expect(resolved(['nobody'])).toMatchObject({ route: 'r', rejected: [{ target_id: 'nobody', code: 'unknown_model' }] })
    expect(() => resolved(['nobody'], 'nowhere')).toThrow('No route or target for model "nowhere"')
  })
})

describe('a caller who is confined', () => {
  const allowed = (allow: object) => ({ principal: { role: 'client' as const, allowed: allow } })
  test.each<[object, string | undefined]>([
    [{ models: ['r'] }, undefined],
    [{ models: ['other-*'] }, 'may not use the model "r"'],
    [{ models: [] }, 'may not use the model "r"'],
    [{ routes: ['r', 'direct'] }, undefined],
    [{ routes: ['direct'] }, 'leads to route "r", which this key may not use'],
  ])('%j', (allow, message) => {
    if (message === undefined) expect(order(planOf(world(), stateOf(), allowed(allow)))).toBe('abc')
    else expect(() => planOf(world(), stateOf(), allowed(allow))).toThrow(message)
  })

  test('to some providers is told which candidates are out', () => {
    const plan = planOf(world(), stateOf(), allowed({ providers: ['b'] }))
    expect(order(plan)).toBe('b')
    expect(plan.rejected).toMatchObject([{ code: 'provider_not_allowed' }, { code: 'provider_not_allowed' }])
  })
})

describe('a score profile', () => {
  test('orders a route of its name that has no strategy of its own, and leaves one that has', () => {
    const named = (strategy?: string) =>
      snapshotOf({
        providers: PROVIDERS,
        routes: [
          {
            name: 'mine',
            match: { model: 'auto/cheap' },
            targets: ['a/m', 'b/m'],
            ...(strategy === undefined ? {} : { strategy }),
          },
        ],
      })
    const asked = plainQuestion('auto/cheap')
    const state = stateOf({ 'a/m': price(9), 'b/m': price(1) })
    const decided = (snapshot: RoutingSnapshot) => decide(snapshot, resolveRoute(snapshot, asked), asked, state)
    expect(decided(named())).toMatchObject({ route: 'mine', strategy: 'auto/cheap', targets: [{ id: 'b/m' }, { id: 'a/m' }] })
    expect(decided(named('ordered_fallback'))).toMatchObject({
      strategy: 'ordered_fallback',
      targets: [{ id: 'a/m' }, { id: 'b/m' }],
    })
  })

  test('shows every factor with its weight and what it was made from', () => {
    const state = stateOf({ 'a/m': { ...price(9), contextWindow: 100 }, 'b/m': price(1) })
    const { scores, strategy } = explained(world({ strategy: 'auto' }), state)
    expect(strategy).toBe('auto')
    expect(scores.map(({ score }) => score)).toEqual(scores.map(({ score }) => score).toSorted((left, right) => right - left))
    expect(scores.find(({ target_id }) => target_id === 'a/m')).toMatchObject({
      factors: { cost: 0, context_fit: 1, account_availability: 1 },
      weights: { cost: 0.15, context_fit: 0.2 },
      raw: { cost: 9_900_000, context_fit: 100 },
    })
    expect(scores[0]?.weights).not.toHaveProperty('outcome_health')
    const outcome = { health: 0.9, samples: 3, successRate: 0.9, truncationRate: 0 }
    const watched = explained(world({ strategy: 'auto' }), stateOf({}, { 'b/m': { outcome } })).scores
    expect(watched.find(({ target_id }) => target_id === 'a/m')).toMatchObject({
      factors: { outcome_health: 1 },
      weights: { outcome_health: 0.15 },
    })
    expect(watched.find(({ target_id }) => target_id === 'b/m')).toMatchObject({
      factors: { outcome_health: 0.9 },
      raw: { outcome_health: 0.9 },
    })
  })

  test('of the operator takes the place of a built-in one', () => {
    const snapshot = world({ strategy: 'auto/cheap' }, { profiles: [{ name: 'auto/cheap', weights: { context_fit: 1 } }] })
    expect(order(planOf(snapshot, stateOf({ 'b/m': { contextWindow: 100 }, 'a/m': price(1) })))).toBe('bac')
  })
})

describe('a strategy that asks a model first', () => {
  const asking: Strategy<number> = {
    start: 0,
    step: (state, { candidates, answer }) =>
      answer === undefined
        ? {
            call: { target: candidates[0]!.target, request: { model: 'judge', messages: [], sampling: {}, stream: false } },
            state: state + 1,
          }
        : { decide: answer.ok && answer.text === String(state) ? [...candidates].reverse() : candidates },
    explain: () => 'asking: done',
  }

  test('is stepped again with the answer, and decides nothing in between', () => {
    const known = STRATEGIES as Map<string, Strategy>
    const before = known.get('least_busy')!
    known.set('least_busy', asking)
    try {
      const snapshot = world({ strategy: 'least_busy' })
      const asked = plainQuestion('r')
      const step = beginDecision(snapshot, resolveRoute(snapshot, asked), asked, stateOf())
      if (!('call' in step)) throw new Error('did not ask')
      expect(step.call.target.id as string).toBe('a/m')
      const next = step.resume({ ok: true, text: '1' })
      expect('plan' in next && order(next.plan)).toBe('cba')
      expect(() => planOf(snapshot, stateOf())).toThrow(GatewayError)
    } finally {
      known.set('least_busy', before)
    }
  })
})
