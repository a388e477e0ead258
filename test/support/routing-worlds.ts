import fc from 'fast-check'
import { configFromObject } from '../../src/config/load.ts'
import { OFFERS } from '../../src/ir/endpoint.ts'
import { FEATURES } from '../../src/ir/feature.ts'
import { asAccountId, asProviderId, type TargetId } from '../../src/ir/ids.ts'
import type { TargetObservation } from '../../src/ir/observed.ts'
import type { DecisionQuestion } from '../../src/ir/question.ts'
import { PROFILE_NAMES, STRATEGY_NAMES } from '../../src/ir/routing-policy.ts'
import type { RoutingSnapshot, TargetFacts } from '../../src/ir/snapshot.ts'
import { WIRE_FORMATS } from '../../src/ir/wire-format.ts'
import type { DecisionState } from '../../src/routing/decide.ts'

/** The snapshot of a configuration; throws when it is refused. */
export function snapshotOf(config: object): RoutingSnapshot {
  const loaded = configFromObject(config, { env: {}, cwd: '/', home: '/' })
  if (!loaded.ok) throw new Error(loaded.problems.map(({ path, message }) => `${path}: ${message}`).join('\n'))
  return loaded.compiled.routing
}

/** A question that asks for nothing special. */
export const plainQuestion = (model: string, more: Partial<DecisionQuestion> = {}): DecisionQuestion => ({
  model,
  clientFormat: 'openai',
  stream: false,
  estimatedInputTokens: 100,
  maxOutputTokens: undefined,
  features: () => new Set(),
  ...more,
})

/** Facts and observations by target id, and what nobody is told about is unknown. */
export function stateOf(
  facts: Readonly<Record<string, Partial<TargetFacts>>> = {},
  observed: Readonly<Record<string, Partial<TargetObservation>>> = {},
  more: { seed?: number; cursor?: number } = {},
): DecisionState {
  const known = new Map(Object.entries(facts).map(([id, given]) => [id, { capabilities: {}, tags: [], ...given }]))
  const seen = new Map(Object.entries(observed).map(([id, given]) => [id, { ...UNTROUBLED, ...given }]))
  return {
    factsOf: ({ id }) => known.get(id) ?? { capabilities: {}, tags: [] },
    observed: { of: ({ id }) => seen.get(id) ?? UNTROUBLED, cursor: () => more.cursor ?? 0 },
    seed: more.seed ?? 1,
  }
}

const UNTROUBLED: TargetObservation = { accountsAvailable: 1, accountsTotal: 1, circuit: 'closed', inFlight: 0 }

const PROVIDERS = ['a', 'b', 'c'] as const
const TARGETS = PROVIDERS.flatMap((provider) => [`${provider}/m`, `${provider}/n/x`])
const MODELS = [
  'fast',
  'fast-2',
  'large',
  'combo/both',
  'auto',
  'auto/cheap',
  'auto/private',
  'a/m',
  'b/n/x',
  'whatever',
] as const

export interface RoutingWorld {
  readonly snapshot: RoutingSnapshot
  readonly question: DecisionQuestion
  readonly state: DecisionState
}

/** Any snapshot, any question, any facts and observations: everything a decision may depend on. */
export function routingWorlds(): fc.Arbitrary<RoutingWorld> {
  return fc
    .record({
      config: configs(),
      question: questions(),
      facts: mapOf(factsDraft()),
      observed: mapOf(observation()),
      seed: fc.nat(),
      cursor: fc.nat(50),
    })
    .map(({ config, question, facts, observed, seed, cursor }) => ({
      snapshot: snapshotOf(config),
      question,
      state: stateOf(facts, observed, { seed, cursor }),
    }))
}

const maybe = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> => fc.option(value, { nil: undefined })

const seldom = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> =>
  fc.oneof({ arbitrary: fc.constant(undefined), weight: 5 }, { arbitrary: value, weight: 1 })

const mapOf = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Record<string, Value>> =>
  fc
    .array(value, { minLength: TARGETS.length, maxLength: TARGETS.length })
    .map((values) => Object.fromEntries(values.map((each, index) => [TARGETS[index] ?? '', each])))

function configs(): fc.Arbitrary<object> {
  const route = fc.record({
    targets: fc.uniqueArray(fc.constantFrom(...TARGETS), { minLength: 1, maxLength: 6 }),
    strategy: maybe(fc.constantFrom(...STRATEGY_NAMES, ...PROFILE_NAMES)),
    affinity: maybe(fc.constantFrom('session', 'account', 'none')),
    translation: fc.constantFrom('allow', 'warn', 'strict'),
    cost_max_per_mtok: maybe(fc.constantFrom(1, 5, 50)),
    cost_unknown: fc.constantFrom('allow', 'penalize', 'reject'),
    context_unknown: fc.constantFrom('allow', 'reject'),
    lanes: fc.record({ deny: fc.subarray(['free', 'promo']), require: fc.subarray(['private']) }),
    require: fc.record({ min_context_tokens: fc.constantFrom(1, 100_000), tool_calling: fc.boolean(), certified: fc.boolean() }),
  })
  const matches = [
    { model: 'fast', headers: { 'x-team': 'core' } },
    { model: 'fast*' },
    { model: 'l*ge', client: 'codex' },
    { model: '*', metadata: { env: 'prod*' } },
    { model: '*' },
  ]
  return fc
    .record({
      routes: fc.array(route, { minLength: 1, maxLength: matches.length }),
      clientStrategies: fc.boolean(),
      costAware: fc.boolean(),
    })
    .map(({ routes, clientStrategies, costAware }) => ({
      server: { client_strategies: clientStrategies, cost_aware: costAware },
      providers: PROVIDERS.map((id, index) => ({
        id,
        type: index === 1 ? 'anthropic' : 'openai_compatible',
        base_url: `http://127.0.0.1:${index + 1}/v1`,
        ...(index === 2 ? {} : { api_key: 'k' }),
        auth_scheme: { kind: 'bearer' },
      })),
      routes: routes.map((each, index) => ({ name: `r${index}`, match: matches[index], ...defined(each) })),
      combos: [{ name: 'both', strategy: 'round_robin', targets: ['a/m', 'b/m'] }],
    }))
}

/** Undefined members would count as written. */
const defined = (value: object): object => Object.fromEntries(Object.entries(value).filter(([, inner]) => inner !== undefined))

function questions(): fc.Arbitrary<DecisionQuestion> {
  return fc
    .record({
      model: fc.oneof(
        { arbitrary: fc.constantFrom('fast', 'combo/both', 'auto', 'a/m'), weight: 3 },
        { arbitrary: fc.constantFrom(...MODELS), weight: 2 },
      ),
      clientFormat: fc.constantFrom(...WIRE_FORMATS),
      stream: fc.boolean(),
      estimatedInputTokens: fc.constantFrom(10, 9_000, 150_000),
      maxOutputTokens: maybe(fc.constantFrom(16, 40_000)),
      features: fc.subarray([...FEATURES], { maxLength: 6 }),
      housekeeping: fc.boolean(),
      parallelTools: maybe(fc.boolean()),
      client: maybe(fc.constantFrom('codex', 'curl')),
      team: maybe(fc.constantFrom('core', 'other')),
      env: maybe(fc.constantFrom('production', 'test')),
      session: maybe(
        fc.record({
          target: fc.constantFrom(...TARGETS),
          account: maybe(fc.constantFrom('default', 'spare')),
          cachedTokens: maybe(fc.constantFrom(0, 8_000)),
        }),
      ),
      origin: seldom(
        fc.oneof(
          fc.constant({ kind: 'unknown' as const }),
          fc.record({
            kind: fc.constant('known' as const),
            target: fc.constantFrom(...TARGETS, 'gone/m').map((id) => id as TargetId),
            account: fc.constantFrom('default', 'spare').map(asAccountId),
          }),
        ),
      ),
      endpoint: seldom(
        fc.record({
          offers: fc.subarray([...OFFERS], { maxLength: 2 }),
          provider: maybe(fc.constantFrom(...PROVIDERS).map(asProviderId)),
        }),
      ),
      hints: maybe(
        fc.record(
          {
            models: fc.uniqueArray(fc.constantFrom(...MODELS, 'nobody-knows'), { minLength: 1, maxLength: 3 }),
            maxPricePerMillion: fc.constantFrom(2e9, 20e9),
            latency: fc.constantFrom('interactive' as const, 'batch' as const),
            noFallback: fc.boolean(),
            deadlineMs: fc.constantFrom(5, 60_000),
            strategy: seldom(fc.constantFrom('lowest_cost', 'weighted_random', 'auto/fast', 'nonsense')),
          },
          { requiredKeys: [] },
        ),
      ),
      allowed: maybe(
        fc.record(
          { providers: fc.subarray([...PROVIDERS]), models: seldom(fc.constant(['fast*', 'a/*', 'auto*'])) },
          { requiredKeys: [] },
        ),
      ),
    })
    .map(({ features, housekeeping, team, env, session, allowed, ...rest }) => {
      const used = new Set(features)
      return {
        ...rest,
        features: () => used,
        ...(housekeeping ? { housekeeping: () => new Set(features.slice(0, 2)) } : {}),
        header: (name: string) => (name === 'x-team' ? team : undefined),
        metadata: (name: string) => (name === 'env' ? env : undefined),
        session: session as DecisionQuestion['session'],
        principal: { role: 'client' as const, allowed },
      }
    })
}

const factsDraft = (): fc.Arbitrary<Partial<TargetFacts>> =>
  fc.record({
    capabilities: fc.record(
      {
        streaming: fc.boolean(),
        toolCalling: fc.boolean(),
        visionIn: fc.boolean(),
        visionSources: fc.subarray(['inline_base64', 'remote_url'] as const),
      },
      { requiredKeys: [] },
    ),
    contextWindow: maybe(fc.constantFrom(8_000, 128_000, 1_000_000)),
    maxOutputTokens: maybe(fc.constantFrom(4_096, 64_000)),
    price: maybe(
      fc.record({
        rates: fc.record({
          input: fc.constantFrom(0, 1e9, 3e9),
          output: fc.constantFrom(0, 4e9, 15e9),
          cacheRead: maybe(fc.constant(1e8)),
        }),
        contextTiers: fc.subarray([
          { above: 5_000, rates: { input: 6e9, output: 20e9 } },
          { above: 100_000, rates: { input: 8e9 } },
        ]),
        perRequest: maybe(fc.constant(1e7)),
        source: fc.constant('list'),
      }),
    ),
    tags: fc.subarray(['free', 'promo', 'private', 'coding']),
    certified: maybe(fc.constant('2026-01-31')),
  })

const observation = (): fc.Arbitrary<Partial<TargetObservation>> =>
  fc.record(
    {
      accountsAvailable: fc.nat(2),
      accountsTotal: fc.constant(2),
      circuit: fc.constantFrom('closed', 'open', 'half_open'),
      recoveryMs: fc.nat(60_000),
      inFlight: fc.nat(3),
      maxConcurrency: fc.constantFrom(2, 10),
      ttftMs: fc.double({ min: 1, max: 5_000, noNaN: true }),
      totalMs: fc.double({ min: 1, max: 50_000, noNaN: true }),
      outcome: fc.record({
        health: fc.double({ min: 0, max: 1, noNaN: true }),
        samples: fc.nat(30),
        successRate: fc.double({ min: 0, max: 1, noNaN: true }),
        truncationRate: fc.constant(0),
        demoted: maybe(fc.constantFrom('truncation' as const, 'streak' as const, 'success' as const)),
        p50Ms: maybe(fc.constant(700)),
      }),
      disabled: fc.record({
        scope: fc.constantFrom('provider' as const, 'account' as const, 'model' as const),
        reason: fc.constant('rest'),
        until: fc.constant(1_790_000_000_000),
      }),
    },
    { requiredKeys: [] },
  )
