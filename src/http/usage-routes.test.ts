import { describe, expect, test } from 'bun:test'
import { createFixture, fakeKey, request } from '../../test/support/http-app-fixture.ts'
import { ManualClock } from '../../test/support/manual-clock.ts'
import { UsageDesk } from '../operations/usage/usage-desk.ts'
import { exampleParty, exampleSettlement, TEN } from '../state/ledger/conformance.ts'
import { createMemoryLedger } from '../state/ledger/memory.ts'

type Json = Record<string, unknown>

const own = fakeKey('mine', 'client')
const keys = [fakeKey('boss', 'admin'), fakeKey('watch', 'operator'), fakeKey('acme', 'operator', 'blue'), own]

async function gateway() {
  const store = createMemoryLedger()
  await store.write([
    exampleSettlement('req_a.0', { party: { ...exampleParty, key: own.id } }),
    exampleSettlement('req_b.0', { party: { ...exampleParty, key: 'key_other', tenant: 'blue' } }),
  ])
  const usage = new UsageDesk({
    store,
    clock: new ManualClock(TEN + 60_000),
    prices: { warm: () => Promise.reject(new Error('not part of this test')) },
    hostOf: () => '',
  })
  const { app } = createFixture({ apiKeys: keys }, { usage })
  const ask = async (path: string, key = 'boss', init: Parameters<typeof request>[1] = {}): Promise<Response> =>
    app.fetch(
      request(path, { ...init, headers: { authorization: `Bearer ${key}`, ...(init.headers as Record<string, string>) } }),
    )
  return { ask, json: async (...given: Parameters<typeof ask>) => (await (await ask(...given)).json()) as Json }
}

describe('usage', () => {
  test('is what the caller may see', async () => {
    const { json } = await gateway()
    const attempts = async (key: string): Promise<unknown> => ((await json('/v1/usage', key))['totals'] as Json)['attempts']
    expect([await attempts('boss'), await attempts('watch'), await attempts('acme'), await attempts('mine')]).toEqual([
      2, 2, 1, 1,
    ])
    expect((await json('/v1/usage/events', 'mine'))['events']).toMatchObject([{ request: 'req_a', key: own.id }])
  })

  test("of somebody else is a 403 to a client, and so are the whole gateway's affairs", async () => {
    const { ask } = await gateway()
    expect((await ask('/v1/usage?key=key_other', 'mine')).status).toBe(403)
    expect((await ask('/v1/usage/reconcile', 'mine')).status).toBe(403)
    expect((await ask('/v1/usage/reconcile', 'acme')).status).toBe(403)
    expect((await ask('/v1/usage/reprice', 'watch', { method: 'POST', json: { since: '1d' } })).status).toBe(403)
    expect((await ask('/v1/usage/reconcile', 'watch')).status).toBe(200)
  })

  test('is a table when the query or the accept header asks for one', async () => {
    const { ask } = await gateway()
    for (const response of [
      await ask('/v1/usage?group_by=key&format=csv'),
      await ask('/v1/usage?group_by=key', 'boss', { headers: { accept: 'text/csv' } }),
    ]) {
      expect(response.headers.get('content-type')).toStartWith('text/csv')
      expect((await response.text()).split('\r\n')).toHaveLength(4)
    }
    const page = await ask('/v1/usage/events?limit=1&format=csv')
    expect(page.headers.get('x-switchback-next-cursor')).toMatch(/^e/)
    expect((await ask('/v1/usage?format=xml')).status).toBe(400)
    expect((await ask('/v1/usage?format=json', 'boss', { headers: { accept: 'text/csv' } })).headers.get('content-type')).toBe(
      'application/json',
    )
  })

  test('asked for wrongly is a 400 that names the parameter', async () => {
    const { json } = await gateway()
    expect(await json('/v1/usage?group_by=modle')).toMatchObject({ code: 'invalid_body', param: 'group_by' })
    expect(await json('/v1/usage/events?cursor=x')).toMatchObject({ code: 'invalid_body', param: 'cursor' })
    expect(await json('/v1/usage/reprice', 'boss', { method: 'POST', json: {} })).toMatchObject({
      code: 'invalid_body',
      param: 'since',
    })
    expect(await json('/v1/usage/reprice', 'boss', { method: 'POST', json: { since: {} } })).toMatchObject({ param: 'since' })
    expect(await json('/v1/usage/import', 'boss', { method: 'POST', json: { provider: 'acme' } })).toMatchObject({
      code: 'invalid_body',
    })
  })

  test('is compared with an invoice', async () => {
    const { json } = await gateway()
    const csv = 'date,model,cost\n2026-06-10,large,0.000003\n'
    expect(await json('/v1/usage/import', 'watch', { method: 'POST', json: { provider: 'acme', csv } })).toMatchObject({
      ledger_nanos: 2_000,
      invoice_nanos: 3_000,
      difference_percent: 50,
    })
  })

  test('of a gateway without a ledger says how to have one', async () => {
    const { app } = createFixture({ apiKeys: keys })
    const response = await app.fetch(request('/v1/usage', { headers: { authorization: 'Bearer boss' } }))
    expect(response.status).toBe(503)
    expect(await response.text()).toContain('ledger.enabled')
  })
})
