import { describe, expect, test } from 'bun:test'
import { loadConfigText, loaded, refused } from '../../test/support/load-config-text.ts'
import type { LimitSettings } from '../ir/limits.ts'

const limitsOf = (text: string): LimitSettings =>
  loaded(loadConfigText(`${text}\nproviders: [{ id: mock, type: mock }]`)).compiled.limits

describe('limits of the configuration', () => {
  test('become rules with names that say whose they are, what they count and in which calendar', () => {
    const { tenants } = limitsOf(`
server: { budget: { timezone: Europe/Berlin, soft: [0.8, 0.5] } }
tenants:
  - id: team
    limits: { requests_per_minute: 60, tokens_per_minute: 1000, max_concurrency: 4, window: fixed, priority: high }
    budget: { max_usd: 100, daily_usd: 0.5, monthly_usd: 20, timezone: UTC, soft: [0.9] }`)
    expect(tenants.get('team')).toEqual({
      priority: 'high',
      tokenWeights: { input: 1, cacheRead: 0.1, cacheWrite: 1, output: 1 },
      unknownPrice: 'refuse',
      unmetered: 'refuse',
      rules: [
        { scope: 'tenant', subject: 'team', counter: 'tenant:team/concurrency', soft: [], measure: 'concurrency', limit: 4 },
        {
          scope: 'tenant',
          subject: 'team',
          counter: 'tenant:team/requests/fixed',
          soft: [],
          measure: 'requests',
          limit: 60,
          window: 'fixed',
        },
        {
          scope: 'tenant',
          subject: 'team',
          counter: 'tenant:team/tokens/fixed',
          soft: [],
          measure: 'tokens',
          limit: 1000,
          window: 'fixed',
        },
        ...[
          ['total', 100_000_000_000, 'tenant:team/usd/total'],
          ['day', 500_000_000, 'tenant:team/usd/day@UTC'],
          ['month', 20_000_000_000, 'tenant:team/usd/month@UTC'],
        ].map(([period, limit, counter]) => ({
          scope: 'tenant',
          subject: 'team',
          counter,
          soft: [0.9],
          measure: 'usd',
          limit,
          period,
          timeZone: 'UTC',
        })),
      ] as never,
    })
  })

  test('inherit time zone, thresholds and unknown prices from the server', () => {
    const { owners } = limitsOf(`
server: { budget: { timezone: Asia/Tokyo, soft: [0.8, 0.5], unknown_price: allow } }
owners: [{ id: alice, budget: { weekly_usd: 5 } }]`)
    expect(owners.get('alice')).toMatchObject({
      unknownPrice: 'allow',
      rules: [{ counter: 'owner:alice/usd/week@Asia/Tokyo', soft: [0.5, 0.8], timeZone: 'Asia/Tokyo' }],
    })
  })

  test('can be said for the gateway, projects, keys, providers and accounts, and in the short forms', () => {
    const settings = loaded(
      loadConfigText(`
server: { max_concurrency: 8, admission_timeout_ms: 500, budget: { max_usd: 9, per_provider_usd: { a: 3 } } }
tenants: [{ id: t, max_concurrency: 2, budget_usd: 1 }]
projects: [{ id: p, tenant: t, budget: { daily_usd: 1 } }]
api_keys: [{ key: secret-key-1, prefix: ci, tenant: t, project: p, owner: alice, limits: { requests_per_minute: 5 } }]
providers: [{ id: a, type: mock, limits: { tokens_per_minute: 7 }, accounts: [{ id: main, budget: { monthly_usd: 2 } }] }]`),
    ).compiled.limits
    const counters = (
      from: ReadonlyMap<string, { readonly rules: readonly { readonly counter: string; readonly limit: number }[] }>,
    ): unknown => [...from].map(([name, { rules }]) => [name, rules.map(({ counter, limit }) => [counter, limit])])
    expect(settings).toMatchObject({ admissionTimeoutMs: 500, maxQueued: 10_000 })
    expect(settings.global?.rules).toMatchObject([{ counter: 'global:/concurrency', limit: 8 }, { limit: 9e9 }])
    expect(counters(settings.tenants)).toEqual([
      [
        't',
        [
          ['tenant:t/concurrency', 2],
          ['tenant:t/usd/total', 1e9],
        ],
      ],
    ])
    expect(counters(settings.projects)).toEqual([['t/p', [['project:t/p/usd/day@UTC', 1e9]]]])
    expect(counters(settings.keys)).toEqual([['ci', [['key:ci/requests/sliding', 5]]]])
    expect(counters(settings.providers)).toEqual([
      [
        'a',
        [
          ['provider:a/tokens/sliding', 7],
          ['provider:a/usd/total', 3e9],
        ],
      ],
    ])
    expect(counters(settings.accounts)).toEqual([['a/main', [['account:a/main/usd/month@UTC', 2e9]]]])
  })

  test('cost nothing where there are none', () => {
    const settings = limitsOf('tenants: [{ id: t }]\napi_keys: [{ key: secret-key-1, tenant: t }]')
    expect([settings.global, settings.tenants.size, settings.keys.size]).toEqual([undefined, 0, 0])
  })
})

describe('is refused, with the place and what to do:', () => {
  test.each([
    ['server: { budget: { timezone: Europe/Berln } }', 'server.budget.timezone', 'the name of a time zone such as Europe/Berlin'],
    ['server: { budget: { max_usd: -1 } }', 'server.budget.max_usd', 'at least 0'],
    ['server: { budget: { daily: 1 } }', 'server.budget.daily', 'Did you mean'],
    ['server: { limits: { priority: high } }', 'server.limits.priority', 'Unknown key'],
    ['tenants: [{ id: t, limits: { requests_per_minute: 0 } }]', 'tenants[0].limits.requests_per_minute', 'at least 1'],
    ['tenants: [{ id: t, budget: { soft: [1.5] } }]', 'tenants[0].budget.soft[0]', 'less than 1'],
    ['tenants: [{ id: t, budget_usd: 5, budget: { max_usd: 6 } }]', 'tenants[0].budget_usd', 'Keep one of the two'],
    [
      'tenants: [{ id: t, max_concurrency: 5, limits: { max_concurrency: 6 } }]',
      'tenants[0].max_concurrency',
      'Keep one of the two',
    ],
    ['server: { budget: { per_provider_usd: { mok: 1 } } }', 'server.budget.per_provider_usd.mok', 'Did you mean mock?'],
    ['tenants: [{ id: team }]\nprojects: [{ id: p, tenant: taem }]', 'projects[0].tenant', 'Did you mean team?'],
    ['projects: [{ id: p }, { id: p }]', 'projects[1].id', 'Two projects'],
    ['owners: [{ id: a }, { id: a }]', 'owners[1].id', 'Two entries'],
  ])('%s', (text, path, message) => {
    const { problems } = refused(loadConfigText(`${text}\nproviders: [{ id: mock, type: mock }]`))
    expect(problems).toMatchObject([{ path, message: expect.stringContaining(message) }])
  })
})
