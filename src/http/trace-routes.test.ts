import { describe, expect, test } from 'bun:test'
import { createFixture, fakeKey, request } from '../../test/support/http-app-fixture.ts'
import type { RequestRecord } from '../ir/record.ts'
import type { RecordFilter, RecordSummary } from '../state/records/store.ts'
import type { HttpAppOptions } from './http-app.types.ts'

const record = (id: string, tenant?: string): RequestRecord =>
  ({ schema: 'switchback.record/v1', request_id: id, tenant }) as unknown as RequestRecord
const summary = (id: string): RecordSummary => ({ request_id: id }) as unknown as RecordSummary

function withRecords(): { records: HttpAppOptions['records']; filters: RecordFilter[] } {
  const filters: RecordFilter[] = []
  return {
    filters,
    records: {
      async list(filter = {}) {
        filters.push(filter)
        return [summary(filter.tenant === undefined ? 'req_b' : 'req_a')]
      },
      async get(id) {
        if (id === 'req_a') return record('req_a', 'acme')
        return id === 'req_b' || id === 'last' ? record('req_b', 'other') : undefined
      },
    },
  }
}

const keys = [fakeKey('boss', 'admin'), fakeKey('acme', 'operator', 'acme'), fakeKey('watch', 'operator')]

async function get(
  path: string,
  key = 'boss',
): Promise<{ status: number; body: Record<string, unknown>; filters: RecordFilter[] }> {
  const { records, filters } = withRecords()
  const { app } = createFixture({ apiKeys: keys }, { records })
  const response = await app.fetch(request(path, { headers: { authorization: `Bearer ${key}` } }))
  return { status: response.status, body: (await response.json()) as Record<string, unknown>, filters }
}

describe('the list of traces', () => {
  test('takes every filter', async () => {
    const { filters, body } = await get(
      '/v1/traces?limit=10&model=a/b&status=502&session_id=s1&since_ms=1700000000000&before=req_z&tenant=acme&api_key_id=k&owner=alice',
    )
    expect(filters).toEqual([
      {
        limit: 10,
        model: 'a/b',
        status: 502,
        sessionId: 's1',
        sinceMs: 1_700_000_000_000,
        before: 'req_z',
        tenant: 'acme',
        apiKeyId: 'k',
        owner: 'alice',
      },
    ])
    expect(body).toEqual({
      count: 1,
      summaries: [{ request_id: 'req_a' }],
      traces: [{ request_id: 'req_a' }],
      source: { kind: 'state_store', metadata_only: true },
    })
  })

  test.each(['limit=0', 'limit=2000', 'limit=ten', 'status=42', 'since_ms=-1', 'since_ms=1.5'])('refuses %s', async (query) => {
    expect(await get(`/v1/traces?${query}`)).toMatchObject({ status: 400, body: { param: query.split('=')[0] } })
  })

  test('shows an operator of a tenant nothing but that tenant', async () => {
    expect((await get('/v1/traces?tenant=other', 'acme')).filters).toMatchObject([{ tenant: 'acme' }])
    expect((await get('/v1/traces', 'watch')).filters).toMatchObject([{ tenant: undefined }])
  })
})

describe('one trace', () => {
  test('is the record', async () => {
    expect(await get('/v1/traces/req_a')).toMatchObject({
      status: 200,
      body: { schema: 'switchback.record/v1', request_id: 'req_a' },
    })
    expect(await get('/v1/traces/last')).toMatchObject({ status: 200, body: { request_id: 'req_b' } })
  })

  test('that is unknown is a 404', async () => {
    expect(await get('/v1/traces/req_x')).toMatchObject({ status: 404, body: { code: 'record_not_found' } })
  })

  test("of another tenant is unknown to a tenant's operator", async () => {
    expect((await get('/v1/traces/req_b', 'acme')).status).toBe(404)
    expect((await get('/v1/traces/req_a', 'acme')).status).toBe(200)
    expect(await get('/v1/traces/last', 'acme')).toMatchObject({ status: 200, body: { request_id: 'req_a' } })
  })
})
