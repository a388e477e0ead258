import { describe, expect, test } from 'bun:test'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import type { Principal } from '../../ir/principal.ts'
import { asApiKeyId, asTenantId } from '../../ir/ids.ts'
import { exampleAdjustment, exampleLoss, exampleParty, exampleSettlement, TEN } from '../../state/ledger/conformance.ts'
import { createMemoryLedger } from '../../state/ledger/memory.ts'
import type { LedgerDurability } from '../../state/ledger/store.ts'
import { callerSpend } from './caller-spend.ts'
import { usageCsv } from './usage-csv.ts'
import { UsageDesk } from './usage-desk.ts'
import { usageScope } from './usage-scope.ts'

const DURABLE: LedgerDurability = {
  status: 'durable',
  required: false,
  store_configured: true,
  persisted_writes: 4,
  memory_writes: 0,
  duplicate_ignored_writes: 0,
  failed_writes: 0,
  spooled_writes: 0,
  recovered_writes: 0,
  dropped_writes: 0,
  post_commit_failed_writes: 0,
  waiting: 0,
  spooled: 0,
  spool_bytes: 0,
}

async function desk(durability = DURABLE) {
  const clock = new ManualClock(TEN + 60_000)
  const store = createMemoryLedger()
  await store.write([
    exampleSettlement('req_a.0', { nanos: 5_000, at: TEN - 86_400_000 }),
    exampleSettlement('req_b.0', { nanos: 70_000, party: { ...exampleParty, model: 'small' } }),
    exampleSettlement('req_b.1', {
      nanos: 1_000,
      party: { ...exampleParty, model: 'small', owner: 'bob', key: 'key_2', tenant: 'blue' },
    }),
    exampleAdjustment('req_a.0', { at: TEN - 86_400_000, nanos: 15_000 }),
  ])
  const made = new UsageDesk({
    store,
    clock,
    durability: () => durability,
    prices: { warm: () => Promise.reject(new Error('unused')) },
    hostOf: () => '',
  })
  return { desk: made, store, clock }
}

describe('a report', () => {
  test('has totals, groups with the dearest first, and counts adjustments in', async () => {
    const report = await (await desk()).desk.report({ group_by: 'model' })
    expect(report).toMatchObject({
      since: '2026-05-11T10:00:00.000Z',
      until: '2026-06-10T11:00:00.000Z',
      durability: 'durable',
      totals: {
        attempts: 3,
        requests: 2,
        cost_nanos: 91_000,
        cost_usd: '0.000091',
        settled_nanos: 76_000,
        adjusted_nanos: 15_000,
      },
      groups: [
        { model: 'small', cost_nanos: 71_000, attempts: 2 },
        { model: 'large', cost_nanos: 20_000, cache_read_share: 0.6, cache_savings_nanos: 280 },
      ],
    })
    expect(report.series).toBeUndefined()
  })

  test('as a series tells each day, and the groups over all of them', async () => {
    const report = await (await desk()).desk.report({ group_by: 'tenant', interval: 'day', since: '2d' })
    expect(report.series?.map(({ start, tenant, cost_nanos }) => [start, tenant, cost_nanos])).toEqual([
      ['2026-06-09T00:00:00.000Z', 'red', 20_000],
      ['2026-06-10T00:00:00.000Z', 'blue', 1_000],
      ['2026-06-10T00:00:00.000Z', 'red', 70_000],
    ])
    expect(report.groups).toMatchObject([
      { tenant: 'red', cost_nanos: 90_000 },
      { tenant: 'blue', cost_nanos: 1_000 },
    ])
  })

  test('says how many groups it left out', async () => {
    expect(await (await desk()).desk.report({ group_by: 'model', limit: '1' })).toMatchObject({
      groups: [{ model: 'small' }],
      groups_left_out: 1,
    })
  })

  test('of nothing is all zero', async () => {
    const { totals, groups } = await (await desk()).desk.report({ model: 'none', group_by: 'key' })
    expect(totals).toMatchObject({ attempts: 0, cost_nanos: 0, cost_usd: '0' })
    expect(groups).toEqual([])
  })

  test.each([
    [{ sinse: '7d' }, /Did you mean since/],
    [{ group_by: 'modell' }, /Did you mean model/],
    [{ group_by: 'colour' }, /Choose from provider/],
    [{ interval: 'week' }, /hour or day/],
    [{ interval: 'hour', since: '60d' }, /32 days/],
    [{ interval: 'day', group_by: 'session' }, /Sessions are summed as a whole/],
    [{ since: 'soon' }, /7d or 36h/],
    [{ since: '1d', until: '2d' }, /before/],
    [{ limit: '0' }, /whole number from 1/],
  ])('refuses %j with what to write', async (parameters, message) => {
    expect((await desk()).desk.report(parameters)).rejects.toThrow(message)
  })
})

describe('tables for spreadsheets', () => {
  test('quote what must be quoted, and disarm formulas in names that clients chose', async () => {
    const { desk: made, store } = await desk()
    await store.write([exampleSettlement('req_z.0', { session: '=HYPERLINK("x"),1' })])
    const csv = usageCsv(await made.events({ limit: '1' }))
    expect(csv.split('\r\n')[0]).toStartWith('id,kind,at,request,attempt,provider,model')
    expect(csv).toContain(`"'=HYPERLINK(""x""),1"`)
    expect(csv).toContain('usage.inputTokens')
  })

  test('have the same columns whatever was found, so that pages can be put together', async () => {
    const { desk: made, store } = await desk()
    const columns = (csv: string): string => csv.split('\r\n')[0] ?? ''
    const full = usageCsv(await made.events({}))
    await store.write([
      exampleSettlement('req_y.0', { usage: undefined, nanos: undefined, price: undefined, lines: undefined }),
      exampleLoss('req_z.0', { party: { provider: 'acme', model: 'm', account: 'main' }, session: undefined }),
    ])
    for (const limit of ['1', '2']) expect(columns(usageCsv(await made.events({ limit })))).toBe(columns(full))
    expect(columns(usageCsv(await made.events({ model: 'none' })))).toBe(columns(full))
    const byProject = columns(usageCsv(await made.report({ group_by: 'owner,project' })))
    expect(byProject).toStartWith('owner,project,requests,')
    expect(columns(usageCsv(await made.report({ group_by: 'owner,project', model: 'none' })))).toBe(byProject)
    expect(columns(usageCsv(await made.report({ group_by: 'project', interval: 'day' })))).toStartWith('start,project,requests,')
  })

  test('of totals have one line', async () => {
    expect(
      usageCsv(await (await desk()).desk.report({}))
        .trim()
        .split('\r\n'),
    ).toHaveLength(2)
  })
})

describe('who sees what', () => {
  const client: Principal = { role: 'client', keyId: asApiKeyId('key_1'), tenant: asTenantId('red') }
  const scopes: readonly (readonly [string, Principal, number])[] = [
    ['a client its own key', client, 2],
    ['a client with an owner all keys of the owner', { ...client, keyId: asApiKeyId('key_9'), owner: 'ann' }, 2],
    ['a client nobody knows nothing', { role: 'client' }, 0],
    ['an owner of another tenant nothing', { role: 'client', owner: 'ann', tenant: asTenantId('blue') }, 0],
    ['an operator of a tenant that tenant', { role: 'operator', tenant: asTenantId('blue') }, 1],
    ['an operator everything', { role: 'operator' }, 3],
    ['an admin everything, whatever the tenant', { role: 'admin', tenant: asTenantId('blue') }, 3],
  ]

  test.each(scopes)('%s', async (_name, principal, attempts) => {
    const { desk: made } = await desk()
    const scope = usageScope(principal)
    expect((await made.report({}, scope)).totals.attempts).toBe(attempts)
    const settlements = (await made.events({}, scope)).events.filter(({ kind }) => kind === 'settlement')
    expect(settlements).toHaveLength(attempts)
  })

  test("asking for somebody else's is refused, for one's own is not", async () => {
    const { desk: made } = await desk()
    expect(made.report({ key: 'key_2' }, usageScope(client))).rejects.toMatchObject({ code: 'forbidden' })
    expect(made.events({ tenant: 'blue' }, usageScope(client))).rejects.toMatchObject({ code: 'forbidden' })
    expect((await made.report({ key: 'key_1' }, usageScope(client))).totals.attempts).toBe(2)
  })

  test('a caller learns what it spent this hour, today and this month', async () => {
    const { store } = await desk()
    expect(await callerSpend(store, client, TEN + 60_000)).toMatchObject({
      this_hour: { cost_nanos: 70_000, requests: 1 },
      today: { cost_nanos: 70_000 },
      this_month: { cost_nanos: 90_000, cost_usd: '0.00009', requests: 2 },
    })
  })
})

describe('reconciling', () => {
  test('a whole ledger is fit for billing', async () => {
    expect(await (await desk()).desk.reconcile({})).toMatchObject({
      status: 'ok',
      billing_grade: true,
      entries: { cost_nanos: 91_000 },
      rollups: { cost_nanos: 91_000 },
      delta: { attempts: 0, cost_nanos: 0 },
      issues: [],
    })
  })

  test.each([
    [{ status: 'memory_only', store_configured: false }, 'state_store_disabled'],
    [{ status: 'degraded', failed_writes: 3, waiting: 2, last_error: 'disk full' }, 'usage_write_failures'],
    [{ status: 'degraded', spool_bytes: 100 }, 'spooled_entries'],
    [{ status: 'degraded', dropped_writes: 1 }, 'dropped_entries'],
    [{ status: 'post_commit_failed', post_commit_failed_writes: 1 }, 'post_commit_usage_failure'],
  ] as const)('%j is no billing grade', async (durability, code) => {
    const result = await (await desk({ ...DURABLE, ...durability })).desk.reconcile({})
    expect(result).toMatchObject({ status: 'degraded', billing_grade: false, issues: [{ code }] })
  })

  test('lost attempts are told', async () => {
    const { desk: made, store } = await desk()
    await store.write([exampleLoss('req_x.0')])
    expect(await made.reconcile({})).toMatchObject({ status: 'degraded', issues: [{ code: 'lost_attempts' }] })
  })

  test('sums that do not agree with the entries are a contradiction', async () => {
    const { store, clock } = await desk()
    const made = new UsageDesk({
      store: {
        ...store,
        prove: async () => ({
          entries: (await store.prove({ since: TEN, until: TEN })).entries,
          rollups: (await store.prove({ since: 0, until: TEN + 3_600_000 })).rollups,
        }),
      },
      clock,
      prices: { warm: () => Promise.reject(new Error('unused')) },
      hostOf: () => '',
    })
    expect(await made.reconcile({})).toMatchObject({
      status: 'inconsistent',
      billing_grade: false,
      delta: { attempts: -3, cost_nanos: -91_000 },
    })
  })
})
