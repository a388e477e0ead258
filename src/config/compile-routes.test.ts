import { describe, expect, test } from 'bun:test'
import { loadConfigText, loaded, refused } from '../../test/support/load-config-text.ts'
import { plainQuestion } from '../../test/support/routing-worlds.ts'
import type { DecisionQuestion } from '../ir/question.ts'
import { resolveRoute } from '../routing/resolve-route.ts'

const HEAD = 'providers: [{ id: mock, type: mock }]\n'
const load = (text: string) => loaded(loadConfigText(HEAD + text))
const routeOf = (text: string, model: string, more: Partial<DecisionQuestion> = {}): string =>
  resolveRoute(load(text).compiled.routing, plainQuestion(model, more)).name

describe('a model name leads to', () => {
  const routes = `routes:
  - { name: exact, match: { model: claude-opus }, targets: [mock/a] }
  - { name: family, match: { model: claude-* }, aliases: [gpt-5*], targets: [mock/a] }
  - { name: minis, match: { model: "*-mini" }, targets: [mock/a] }
  - { name: rest, match: { model: "*" }, targets: [mock/a] }
`
  test.each([
    ['claude-opus', 'exact'],
    ['claude-opus-4', 'family'],
    ['gpt-5.2', 'family'],
    ['gpt-4-mini', 'minis'],
    ['gpt-5-mini', 'family'],
    ['mock/claude-mini', 'minis'],
    ['mock/x', 'direct'],
    ['whatever', 'rest'],
  ])('%s: %s', (model, route) => {
    expect(routeOf(routes, model)).toBe(route)
  })
})

describe('a route with conditions', () => {
  const conditional = (condition: string): string => `routes:
  - { name: special, match: { model: m, ${condition} }, targets: [mock/a] }
  - { name: usual, match: { model: m }, targets: [mock/b] }
`
  const headers = (values: Record<string, string>): Partial<DecisionQuestion> => ({ header: (name) => values[name] })
  test.each<[string, Partial<DecisionQuestion>, Partial<DecisionQuestion>]>([
    ['headers: { X-Team: [core, platform-*] }', headers({ 'x-team': 'platform-7' }), headers({ 'x-team': 'sales' })],
    ['metadata: { env: prod }', { metadata: (name) => (name === 'env' ? 'prod' : undefined) }, {}],
    [
      'principal: { tenant: t, role: [client] }',
      { principal: { role: 'client', tenant: 't' as never } },
      { principal: { role: 'client' } },
    ],
    [
      'principal: { key: ci }',
      { principal: { role: 'admin', keyId: 'ci' as never } },
      { principal: { role: 'admin', keyId: 'x' as never } },
    ],
    ['client: codex', { client: 'codex' }, { client: 'curl' }],
    ['features: [tools, streaming]', { stream: true, features: () => new Set(['tools.name'] as const) }, { stream: true }],
  ])('%s is taken when it holds and passed over when not', (condition, holding, failing) => {
    expect(routeOf(conditional(condition), 'm', holding)).toBe('special')
    expect(routeOf(conditional(condition), 'm', failing)).toBe('usual')
  })

  test('for every other name is asked before the one without', () => {
    const text = `routes:
  - { name: core, match: { model: "*", headers: { x-team: core } }, targets: [mock/a] }
  - { name: rest, match: { model: "*" }, targets: [mock/b] }
`
    expect(routeOf(text, 'x', headers({ 'x-team': 'core' }))).toBe('core')
    expect(routeOf(text, 'x')).toBe('rest')
  })

  test('changes the hash of the configuration when a condition changes', () => {
    const hash = (team: string): string =>
      load(`routes: [{ name: r, match: { model: m, headers: { x-team: ${team} } }, targets: [mock/a] }]`).compiled.routing
        .configHash
    expect(hash('a')).not.toBe(hash('b'))
  })

  test('keeps values that may be secrets out of what is recorded', () => {
    const { routing } = load(
      'routes: [{ name: r, match: { model: m, headers: { x-api-key: hunter2 } }, targets: [mock/a] }]',
    ).compiled
    const resolved = resolveRoute(routing, plainQuestion('m', headers({ 'x-api-key': 'hunter2' })))
    expect([...(resolved.conditions ?? [])]).toEqual([[expect.stringMatching(/^header x-api-key=sha256:[0-9a-f]{8}$/), true]])
  })
})

describe('a route that could never be used is a problem', () => {
  test.each([
    ['the same name twice', 'model: m', 'model: m', 'Remove one'],
    ['the same prefix twice', 'model: m-*', 'model: m-*', 'Remove one'],
    ['a condition after the name without one', 'model: m', 'model: m, client: codex', 'Put the route with more conditions first'],
    ['the same condition twice', 'model: m, client: codex', 'model: m, client: codex', 'Remove one'],
  ])('%s', (_what, first, second, advice) => {
    const { problems } = refused(
      loadConfigText(
        `${HEAD}routes:\n  - { name: a, match: { ${first} }, targets: [mock/x] }\n  - { name: b, match: { ${second} }, targets: [mock/x] }\n`,
      ),
    )
    expect(problems).toMatchObject([{ path: 'routes[1].match.model', line: 4, message: expect.stringContaining(advice) }])
  })

  test('and one whose names another pattern may take as well is a warning', () => {
    const { warnings } = load(`routes:
  - { name: a, match: { model: "*-mini" }, targets: [mock/x] }
  - { name: b, match: { model: "g*mini" }, targets: [mock/x] }
  - { name: c, match: { model: "*-opus" }, targets: [mock/x] }
`)
    expect(warnings).toMatchObject([{ path: 'routes[1].match.model', line: 4, message: expect.stringContaining('"*-mini"') }])
  })
})

describe('a strategy', () => {
  test.each([
    ['', '', 'ordered_fallback', 'account'],
    ['server: { cost_aware: true, latency_aware: true }', '', 'lowest_cost', 'session'],
    ['server: { latency_aware: true }', '', 'least_latency', 'session'],
    ['server: { cost_aware: true }', 'strategy: ordered_fallback', 'ordered_fallback', 'account'],
    ['', 'affinity: none', 'ordered_fallback', 'none'],
    ['', 'strategy: least_busy, affinity: none', 'least_busy', 'none'],
    ['profiles: [{ name: auto/mine, weights: { cost: 1 } }]', 'strategy: auto/mine', 'auto/mine', 'session'],
  ])('%s %s is %s with affinity %s', (top, own, name, affinity) => {
    const { routing } = load(`${top}\nroutes: [{ name: r, match: { model: m }, targets: [mock/a], ${own} }]`).compiled
    expect(routing.routes.get('m')?.selection).toMatchObject({ strategy: { name }, affinity })
  })

  test('that nobody knows is a problem with the nearest one', () => {
    const { problems } = refused(
      loadConfigText(`${HEAD}routes: [{ name: r, match: { model: m }, targets: [mock/a], strategy: lowest_costs }]`),
    )
    expect(problems).toMatchObject([{ path: 'routes[0].strategy', line: 2, suggestion: 'lowest_cost' }])
  })

  test('with weights names targets of the route, not all of them 0', () => {
    const weighted = (weights: string) =>
      loadConfigText(
        `${HEAD}routes: [{ name: r, match: { model: m }, targets: [mock/a, mock/b], strategy: weighted_random, weights: ${weights} }]`,
      )
    expect(loaded(weighted('{ mock/a: 3 }')).compiled.routing.routes.get('m')?.selection.strategy.weights).toEqual(
      new Map([['mock/a', 3]]) as never,
    )
    expect(refused(weighted('{ mock/z: 3 }')).problems).toMatchObject([
      { message: expect.stringContaining('no target "mock/z"') },
    ])
    expect(refused(weighted('{ mock/a: 0, mock/b: 0 }')).problems).toMatchObject([{ path: 'routes[0].weights' }])
  })
})

describe('policies', () => {
  test('of the server are inherited; limits add up and preferences are replaced', () => {
    const { routing } = load(`server: { cost_max_per_mtok: 10, cost_allow_free: false, cost_unknown: penalize }
routes:
  - { name: a, match: { model: a }, targets: [mock/a], cost_max_per_mtok: 20, lanes: { deny: [slow], require: [private] } }
  - { name: b, match: { model: b }, targets: [mock/a], cost_max_per_mtok: 5, cost_unknown: reject, context_unknown: reject }
`).compiled
    expect(routing.defaults.selection).toMatchObject({
      maxPricePerMillion: 10e9,
      lanes: { deny: ['free'] },
      unknownPrice: 'penalize',
    })
    expect(routing.routes.get('a')?.selection).toMatchObject({
      maxPricePerMillion: 10e9,
      lanes: { deny: ['free', 'slow'], require: ['private'] },
      unknownPrice: 'penalize',
    })
    expect(routing.routes.get('b')?.selection).toMatchObject({
      maxPricePerMillion: 5e9,
      unknownPrice: 'reject',
      unknownContext: 'reject',
    })
  })
})

describe('combos', () => {
  test.each([
    'combos: [{ name: both, strategy: round_robin, targets: [mock/a, mock/b] }]',
    'combos: { both: { strategy: round_robin, models: [mock/a, mock/b] } }',
  ])('are called by name: %s', (text) => {
    const { routing } = load(text).compiled
    expect(resolveRoute(routing, plainQuestion('combo/both'))).toMatchObject({
      name: 'combo/both',
      route: { targets: [{ id: 'mock/a' }, { id: 'mock/b' }], selection: { strategy: { name: 'round_robin' } } },
    })
    expect(routing.modelIds).toContain('combo/both')
  })

  test.each([
    ['combos: [{ name: x, targets: [] }]', 'combos[0]', 2],
    ['combos: [{ name: x, targets: [mock/a], models: [mock/a] }]', 'combos[0].models', 2],
    ['combos: { x: { models: [mokc/a] } }', 'combos.x.models[0]', 2],
    ['combos: { x: { modles: [mock/a] } }', 'combos.x.modles', 2],
    ['combos: { a/b: { models: [mock/a] } }', 'combos["a/b"]', 2],
  ])('with a mistake are problems with their place: %s', (text, path, line) => {
    expect(refused(loadConfigText(HEAD + text)).problems[0]).toMatchObject({ path, line })
  })
})

test('auto goes over every target that is named somewhere', () => {
  const { routing } = load(`routes: [{ name: r, match: { model: m }, targets: [mock/b, mock/a] }]
combos: [{ name: c, targets: [mock/c] }]
`).compiled
  expect(routing.targets.map(({ id }) => String(id))).toEqual(['mock/b', 'mock/a', 'mock/c', 'mock/echo'])
  expect(resolveRoute(routing, plainQuestion('auto/critique')).route.selection.strategy.name).toBe('auto/judge')
})

test('resilience settings of the server and of routes', () => {
  const { routing } = loaded(
    loadConfigText(`server: { retry: { max_retries: 2, max_wait_ms: 0, budget: 0.1 }, circuit_breaker: { open_secs: 5 }, hedge: { enabled: true } }
providers: [{ id: mock, type: mock, max_concurrency: 4, selection: round_robin, sticky: 3 }]
routes: [{ name: r, match: { model: m }, targets: [mock/a], retry: { base_delay_ms: 7 }, hedge: { enabled: false } }]
`),
  ).compiled
  expect(routing.resilience).toMatchObject({
    retry: { maxRetries: 2, baseDelayMs: 100, maxDelayMs: 2000 },
    retryBudget: 0.1,
    maxWaitMs: 0,
    circuitBreaker: { enabled: true, failureThreshold: 5, openMs: 5000 },
    hedge: { enabled: true, delayMs: 150, maxParallel: 2 },
    scorecard: { enabled: true, minSamples: 8, ttlMs: 86_400_000 },
  })
  expect([...routing.resilience.maxConcurrency]).toEqual([['mock', 4]] as never)
  expect([...routing.resilience.accountSelection]).toEqual([['mock', { mode: 'round_robin', sticky: 3 }]] as never)
  expect(routing.routes.get('m')?.resilience).toEqual({
    retry: { maxRetries: undefined, baseDelayMs: 7, maxDelayMs: undefined },
    hedge: { enabled: false, delayMs: undefined, maxParallel: undefined },
  })
})

test.each([
  ['server: { scorecard: { demotion: { demote_success_rate: 0.9 } } }', 'server.scorecard.demotion'],
  ['server: { retry: { base_delay_ms: 3000 } }', 'server.retry'],
  ['profiles: [{ name: auto/x, weights: { costs: 1 } }]', 'profiles[0].weights.costs'],
  ['profiles: [{ name: auto/x }, { name: auto/x }]', 'profiles[1].name'],
])('what contradicts itself is a problem: %s', (text, path) => {
  expect(refused(loadConfigText(HEAD + text)).problems).toMatchObject([{ path, line: 2 }])
})
