import { configFromObject } from '../src/config/load.ts'
import type { TargetObservation } from '../src/ir/observed.ts'
import { STRATEGY_NAMES } from '../src/ir/routing-policy.ts'
import type { RoutingSnapshot, TargetFacts } from '../src/ir/snapshot.ts'
import { decide, type DecisionState } from '../src/routing/decide.ts'
import type { DecisionQuestion } from '../src/ir/question.ts'
import { resolveRoute } from '../src/routing/resolve-route.ts'
import type { Fact } from './facts.ts'

const PROVIDER = { id: 'p', type: 'openai_compatible', base_url: 'http://127.0.0.1:1/v1', api_key: 'k' }
const STRATEGIES = [...STRATEGY_NAMES, 'auto'] as const

/** What a decision costs, as CPU time of this process, resolving included; the dearest strategy counts. */
export function measureRouting(): Fact[] {
  const ten = Math.max(...STRATEGIES.map((strategy) => choosing(10, strategy)))
  const thousand = Math.max(...STRATEGIES.map((strategy) => choosing(1_000, strategy)))
  const [one] = [choosing(1, 'ordered_fallback')]
  const few = matching(10)
  const many = matching(10_000)
  return [
    { name: 'routing: one candidate', value: one, unit: 'µs', target: 3 },
    { name: 'routing: 10 candidates, dearest strategy', value: ten, unit: 'µs', target: 10 },
    { name: 'routing: 1,000 candidates, dearest strategy', value: thousand, unit: 'µs', target: 1_000 },
    { name: 'routing: 1,000 candidates against 100 times 10', value: thousand / (100 * ten), unit: '×', target: 2 },
    { name: 'routing: a name among 10,000 routes', value: many, unit: 'µs', target: 5 },
    { name: 'routing: a name among 10,000 routes against 10', value: many / few, unit: '×', target: 3 },
  ]
}

/** µs for a decision among so many candidates, all filters armed and all facts known. */
function choosing(count: number, strategy: string): number {
  const targets = Array.from({ length: count }, (_unused, index) => `p/model-${index}`)
  const snapshot = snapshotOf({
    server: count === 1 ? {} : { cost_max_per_mtok: 100, cost_allow_free: false, cost_unknown: 'reject' },
    providers: [PROVIDER],
    routes: [{ name: 'r', match: { model: 'r' }, targets, strategy }],
  })
  const state = worldOf(targets)
  const question = questionOf('r')
  return microseconds(() => decide(snapshot, resolveRoute(snapshot, question), question, state), Math.ceil(30_000 / (count + 4)))
}

/** µs for finding the route of a name among so many, half of them prefixes. */
function matching(count: number): number {
  const routes = Array.from({ length: count }, (_unused, index) => ({
    name: `r${index}`,
    match: { model: index % 2 === 0 ? `model-${index}` : `family-${index}-*` },
    targets: ['p/m'],
  }))
  const snapshot = snapshotOf({ providers: [PROVIDER], routes })
  const questions = [questionOf(`model-${count - 2}`), questionOf(`family-${count - 1}-large`)]
  return microseconds(() => questions.forEach((question) => resolveRoute(snapshot, question)), 20_000) / questions.length
}

const ROUNDS = 15

/** The median of several rounds, after as many to let the compiler finish. */
function microseconds(work: () => unknown, times: number): number {
  const rounds: number[] = []
  for (let round = 0; round < ROUNDS * 2; round++) {
    const before = process.cpuUsage()
    for (let call = 0; call < times; call++) work()
    const { user, system } = process.cpuUsage(before)
    rounds.push((user + system) / times)
  }
  return rounds.slice(ROUNDS).toSorted((left, right) => left - right)[Math.floor(ROUNDS / 2)] ?? Number.NaN
}

function worldOf(targets: readonly string[]): DecisionState {
  const facts = new Map<string, TargetFacts>()
  const observed = new Map<string, TargetObservation>()
  for (const [index, target] of targets.entries()) {
    facts.set(target, {
      capabilities: { streaming: true, toolCalling: index % 7 !== 0, audioIn: false },
      contextWindow: 128_000 + index,
      price: {
        rates: { input: 1e9 + index, output: 4e9, cacheRead: 1e8 },
        contextTiers: [{ above: 10_000, rates: { input: 2e9 + index, output: 6e9, cacheRead: 2e8 } }],
        source: 'bench',
      },
      tags: index % 5 === 0 ? ['free'] : ['coding'],
    })
    observed.set(target, {
      accountsAvailable: 2,
      accountsTotal: 2,
      circuit: 'closed',
      inFlight: index % 11,
      ttftMs: 200 + ((index * 7919) % 1000),
      totalMs: 900 + ((index * 104_729) % 5000),
    })
  }
  return {
    seed: 7,
    factsOf: ({ id }) => facts.get(id) ?? { capabilities: {}, tags: [] },
    observed: { of: ({ id }) => observed.get(id) ?? { accountsAvailable: 1, accountsTotal: 1, circuit: 'closed', inFlight: 0 } },
  }
}

const FEATURES = new Set(['tools.name', 'max_output_tokens'] as const)

const questionOf = (model: string): DecisionQuestion => ({
  model,
  clientFormat: 'openai',
  stream: true,
  estimatedInputTokens: 20_000,
  maxOutputTokens: 4_000,
  features: () => FEATURES,
})

function snapshotOf(config: object): RoutingSnapshot {
  const loaded = configFromObject(config, { env: {}, cwd: '/', home: '/' })
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems.slice(0, 3)))
  return loaded.compiled.routing
}
