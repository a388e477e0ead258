import { describe, expect, test } from 'bun:test'
import { loadConfigText, loaded } from '../../../test/support/load-config-text.ts'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import { exampleParty, exampleSettlement, TEN } from '../ledger/conformance.ts'
import { createMemoryLedger } from '../ledger/memory.ts'
import { HOUR_MS } from '../ledger/time-range.ts'
import { ledgerFilterOf, spentInLedger } from './spent-before.ts'

test('every budget of a configuration is found in the ledger, and no other limit', () => {
  const { limits } = loaded(
    loadConfigText(`
server: { max_concurrency: 8, budget: { max_usd: 9 } }
tenants: [{ id: t, limits: { requests_per_minute: 3 }, budget: { daily_usd: 1, timezone: America/New_York } }]
projects: [{ id: p, tenant: t, budget: { weekly_usd: 1 } }, { id: all, budget: { weekly_usd: 1 } }]
owners: [{ id: alice/usd/day, budget: { monthly_usd: 5 } }]
api_keys: [{ key: secret-key-1, prefix: ci, budget: { max_usd: 5 } }]
providers: [{ id: a, type: mock, budget: { max_usd: 3 }, accounts: [{ id: main, budget: { monthly_usd: 2 } }] }]`),
  ).compiled
  const subjects = [
    limits.global!,
    ...[limits.tenants, limits.projects, limits.owners, limits.keys, limits.providers, limits.accounts].flatMap((map) => [
      ...map.values(),
    ]),
  ]
  const filters = subjects.flatMap(({ rules }) => rules.map((rule) => [rule.measure, ledgerFilterOf(rule.counter)]))
  expect(filters).toEqual([
    ['concurrency', undefined],
    ['usd', {}],
    ['requests', undefined],
    ['usd', { tenant: 't' }],
    ['usd', { tenant: 't', project: 'p' }],
    ['usd', { project: 'all' }],
    ['usd', { owner: 'alice/usd/day' }],
    ['usd', { key: 'ci' }],
    ['usd', { provider: 'a' }],
    ['usd', { provider: 'a', account: 'main' }],
  ])
})

describe('what was spent before', () => {
  const HALF = HOUR_MS / 2
  const open = async (now: number) => {
    const ledger = createMemoryLedger()
    await ledger.write([
      exampleSettlement('req_a.0', { at: TEN + HALF - 1, nanos: 1 }),
      exampleSettlement('req_b.0', { at: TEN + HALF, nanos: 10 }),
      exampleSettlement('req_c.0', { at: TEN + HOUR_MS, nanos: 100 }),
      exampleSettlement('req_d.0', { at: TEN + HOUR_MS, nanos: 1_000, party: { ...exampleParty, tenant: 'blue' } }),
      exampleSettlement('req_e.0', { at: TEN + HOUR_MS, nanos: undefined }),
    ])
    const asked: string[] = []
    const spent = spentInLedger({
      ledger: {
        rollups: (query) => {
          asked.push('rollups')
          return ledger.rollups(query)
        },
        settled: (filter) => ledger.settled(filter),
      },
      flush: async () => void asked.push('flush'),
      clock: new ManualClock(now),
    })
    return { spent, asked }
  }

  test('is the sum of the ledger since the period began, to the millisecond', async () => {
    const { spent } = await open(TEN + 2 * HOUR_MS)
    expect(await spent('tenant:red/usd/day@Asia/Kolkata', TEN + HALF)).toBe(110)
    expect(await spent('tenant:red/usd/day@UTC', TEN)).toBe(111)
    expect(await spent('global:/usd/total', 0)).toBe(1_111)
    expect(await spent('tenant:red/requests/fixed', TEN)).toBeUndefined()
    expect(await spent('tenant:nobody/usd/total', 0)).toBe(0)
  })

  test('is asked once by all who want it at the same time, when what waits is written', async () => {
    const { spent, asked } = await open(TEN + HOUR_MS)
    await Promise.all([1, 2, 3].map(async () => spent('global:/usd/total', 0)))
    expect(asked).toEqual(['flush', 'rollups'])
    await spent('global:/usd/total', 0)
    expect(asked).toHaveLength(4)
  })

  test('is not waited for longer than a second', async () => {
    const clock = new ManualClock(TEN)
    const never = new Promise<never>(() => undefined)
    const spent = spentInLedger({
      ledger: { rollups: () => never, settled: () => createMemoryLedger().settled({}) },
      flush: async () => undefined,
      clock,
    })
    const answer = spent('global:/usd/total', 0).catch((error: unknown) => error)
    await clock.advance(1_000)
    expect(await answer).toMatchObject({ code: 'state_unavailable' })
  })
})
