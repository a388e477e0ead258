import { describe, expect, test } from 'bun:test'
import { asApiKeyId, asTenantId } from '../../ir/ids.ts'
import type { JsonObject } from '../../ir/json.ts'
import type { Principal } from '../../ir/principal.ts'
import { issuedLimitsOf, joinedLimitsOf, readIssuedLimits } from './issued-limits.ts'
import type { LimitsOf } from '../../engine/limits/caller-rules.ts'

const UTC = { timezone: 'UTC', soft: [], unknown_price: 'refuse', unmetered: 'refuse' } as const

/** A directory that holds these limits, by kind and id. */
const directoryOf = (limits: Readonly<Record<string, JsonObject>>) => ({
  limitsOf: (kind: string, id: string): JsonObject | undefined => limits[`${kind}:${id}`],
})

const CALLER: Principal = {
  role: 'client',
  keyId: asApiKeyId('k1'),
  owner: 'alice',
  tenant: asTenantId('acme'),
  project: 'web',
}

describe('limits of an order', () => {
  test('are kept as they were written', () => {
    const limits = { requests_per_minute: 5, budget: { daily_usd: 2.5, timezone: 'Europe/Berlin' } }
    expect(readIssuedLimits(limits, 'key')).toEqual(limits)
  })

  test.each([
    [{ requests_per_minute: 0 }, 'limits.requests_per_minute'],
    [{ budget: { daily_usd: -1 } }, 'limits.budget.daily_usd'],
    [{ budget: { daily_usd: 1, timezone: 'Mars/Base' } }, 'limits.budget.timezone'],
    [{ requests_per_hour: 5 }, 'limits'],
    ['much', 'limits'],
  ])('that cannot be enforced are refused: %j', (limits, field) => {
    expect(() => readIssuedLimits(limits, 'key')).toThrow(expect.objectContaining({ code: 'invalid_body', param: field }))
  })
})

describe('limits of a caller', () => {
  test('are those of its tenant, project, owner and key', () => {
    const directory = directoryOf({
      'tenant:acme': { budget: { monthly_usd: 100 } },
      'project:acme/web': { max_concurrency: 3 },
      'owner:alice': { tokens_per_minute: 1_000 },
      'key:k1': { requests_per_minute: 5, priority: 'low' },
    })
    const subjects = issuedLimitsOf(directory, () => UTC)(CALLER)
    expect(subjects.flatMap(({ rules }) => rules.map(({ scope, measure, limit }) => [scope, measure, limit]))).toEqual([
      ['tenant', 'usd', 100_000_000_000],
      ['project', 'concurrency', 3],
      ['owner', 'tokens', 1_000],
      ['key', 'requests', 5],
    ])
    expect(subjects.at(-1)?.priority).toBe('low')
  })

  test('that cannot be read let nobody through', () => {
    const limits = issuedLimitsOf(directoryOf({ 'owner:alice': { budget: { daily_usd: 'ten' } } }), () => UTC)
    expect(() => limits(CALLER)).toThrow(
      expect.objectContaining({ code: 'state_incompatible', message: expect.stringContaining('owner "alice"') }),
    )
  })

  test('of another release hold as far as they are understood', () => {
    const directory = directoryOf({ 'key:k1': { requests_per_minute: 5, requests_per_lightyear: 1 } })
    expect(issuedLimitsOf(directory, () => UTC)(CALLER)).toMatchObject([{ rules: [{ measure: 'requests', limit: 5 }] }])
  })

  test('join those of the configuration', () => {
    const rule = { rules: [] }
    const none = joinedLimitsOf(
      () => [rule],
      () => [],
    )
    expect(none(CALLER)).toEqual([rule])
    const more = { rules: [], priority: 'high' as const }
    expect(
      joinedLimitsOf(
        () => [rule],
        () => [more],
      )(CALLER),
    ).toEqual([rule, more])
  })
})

test('a counter that configuration and operators both limit is asked once, for the smaller limit', () => {
  const owner =
    (limit: number): LimitsOf =>
    () => [
      {
        rules: [
          {
            scope: 'owner',
            subject: 'alice',
            soft: [],
            counter: 'owner:alice/requests/sliding',
            measure: 'requests',
            limit,
            window: 'sliding',
          },
        ],
      },
    ]
  for (const [configured, issued, least] of [
    [5, 2, 2],
    [5, 7, 5],
    [5, 5, 5],
  ] as const) {
    const limits = joinedLimitsOf(owner(configured), owner(issued))({ role: 'client', owner: 'alice' })
    expect(limits.flatMap(({ rules }) => rules.map(({ limit }) => limit))).toEqual([least])
  }
})
