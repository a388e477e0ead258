import { afterEach, describe, expect, test } from 'bun:test'
import type { RequestRecord } from '../../ir/record.ts'
import type { PackedRecord, RecordStore, UnpackRecord } from './store.ts'

/** The laws every record store keeps. `open` gives an empty store; the suite closes it. */
export function recordStoreConformance(name: string, open: () => RecordStore): void {
  describe(`records in ${name}`, () => {
    const opened: RecordStore[] = []
    const fresh = (...records: RequestRecord[]): RecordStore => {
      const store = open()
      opened.push(store)
      for (const record of records) store.append(packWhole(record))
      return store
    }

    afterEach(async () => {
      for (const store of opened.splice(0)) await store.close()
    })

    describe('reading back', () => readingLaws(fresh))
    describe('lists', () => listLaws(fresh))
    describe('scans', () => scanLaws(fresh))
    describe('keeping', () => keepingLaws(fresh))
  })
}

type Fresh = (...records: RequestRecord[]) => RecordStore

const idsOf = async (list: Promise<readonly { request_id: string }[]>): Promise<string[]> =>
  (await list).map((summary) => summary.request_id)

function readingLaws(fresh: Fresh): void {
  test('a record is visible right after it was appended, whole', async () => {
    const record = exampleRecord({ request_id: 'req_aaaa' })
    expect(await fresh(record).get('req_aaaa')).toEqual(record)
  })

  test('a request is found by the beginning of its id, with or without the mark', async () => {
    const store = fresh(exampleRecord({ request_id: 'req_12ab' }), exampleRecord({ request_id: 'req_99cd' }))
    expect((await store.get('req_12'))?.request_id).toBe('req_12ab')
    expect((await store.get('99'))?.request_id).toBe('req_99cd')
    expect(await store.get('req_77')).toBeUndefined()
  })

  test('a beginning that fits several requests is refused, naming them', async () => {
    const store = fresh(exampleRecord({ request_id: 'req_12ab' }), exampleRecord({ request_id: 'req_12cd' }))
    expect(store.get('12')).rejects.toThrow(/req_12ab, req_12cd/)
  })

  test('a whole id that is the beginning of another is found', async () => {
    const store = fresh(exampleRecord({ request_id: 'req_12' }), exampleRecord({ request_id: 'req_1234' }))
    expect((await store.get('req_12'))?.request_id).toBe('req_12')
  })

  test('last is the request that started last, whatever was written last', async () => {
    const store = fresh(
      exampleRecord({ request_id: 'req_new', started_at: 2000 }),
      exampleRecord({ request_id: 'req_old', started_at: 1000 }),
    )
    expect((await store.get('last'))?.request_id).toBe('req_new')
  })

  test('an empty store has no last request', async () => {
    expect(await fresh().get('last')).toBeUndefined()
  })

  test('text that looks like SQL or a pattern is only text', async () => {
    const store = fresh(exampleRecord({ request_id: 'req_abcd' }))
    expect(await store.get("req_%' OR 1=1 --")).toBeUndefined()
    expect(await store.get('req_*')).toBeUndefined()
  })
}

function listLaws(fresh: Fresh): void {
  test('a list is newest first, and among equals the later written first', async () => {
    const store = fresh(
      exampleRecord({ request_id: 'req_a', started_at: 1000 }),
      exampleRecord({ request_id: 'req_b', started_at: 3000 }),
      exampleRecord({ request_id: 'req_c', started_at: 1000 }),
    )
    expect(await idsOf(store.list())).toEqual(['req_b', 'req_c', 'req_a'])
  })

  test('a list shows what was asked, chosen and served', async () => {
    const [summary] = await fresh(exampleRecord({ request_id: 'req_a', status: 200 })).list()
    expect(summary).toMatchObject({
      request_id: 'req_a',
      requested_model: 'default',
      route: 'default',
      selected: 'mock/echo',
      served: 'mock/echo',
      status: 200,
      attempts: 1,
      input_tokens: 8,
      output_tokens: 8,
    })
  })

  test('filters narrow by model, status, session, tenant, key, owner and time, together', async () => {
    const store = fresh(
      exampleRecord({
        request_id: 'req_a',
        started_at: 1000,
        requested_model: 'm',
        status: 200,
        session_id: 's',
        tenant: 't',
        api_key_id: 'k',
        owner: 'o',
      }),
      exampleRecord({ request_id: 'req_b', started_at: 2000, requested_model: 'm', status: 503, session_id: 's' }),
      exampleRecord({ request_id: 'req_c', started_at: 3000, requested_model: 'n', status: 200 }),
    )
    expect(await idsOf(store.list({ model: 'm' }))).toEqual(['req_b', 'req_a'])
    expect(await idsOf(store.list({ status: 200 }))).toEqual(['req_c', 'req_a'])
    expect(await idsOf(store.list({ sessionId: 's' }))).toEqual(['req_b', 'req_a'])
    expect(await idsOf(store.list({ tenant: 't' }))).toEqual(['req_a'])
    expect(await idsOf(store.list({ apiKeyId: 'k' }))).toEqual(['req_a'])
    expect(await idsOf(store.list({ apiKeyId: 'other' }))).toEqual([])
    expect(await idsOf(store.list({ owner: 'o', apiKeyId: 'k' }))).toEqual(['req_a'])
    expect(await idsOf(store.list({ sinceMs: 2000 }))).toEqual(['req_c', 'req_b'])
    expect(await idsOf(store.list({ model: 'm', status: 200, sinceMs: 500 }))).toEqual(['req_a'])
  })

  test('filters apply before the limit', async () => {
    const store = fresh(
      exampleRecord({ request_id: 'req_a', started_at: 1000, requested_model: 'rare' }),
      ...Array.from({ length: 60 }, (_unused, index) => exampleRecord({ request_id: `req_x${index}`, started_at: 2000 + index })),
    )
    expect(await idsOf(store.list({ model: 'rare', limit: 1 }))).toEqual(['req_a'])
  })

  test('pages follow one another without gap or repetition', async () => {
    const store = fresh(
      ...Array.from({ length: 7 }, (_unused, index) =>
        exampleRecord({ request_id: `req_${index}`, started_at: 1000 + Math.floor(index / 2) }),
      ),
    )
    const seen: string[] = []
    for (
      let page = await idsOf(store.list({ limit: 3 }));
      page.length > 0;
      page = await idsOf(store.list({ limit: 3, before: page.at(-1) }))
    )
      seen.push(...page)
    expect(seen).toEqual(['req_6', 'req_5', 'req_4', 'req_3', 'req_2', 'req_1', 'req_0'])
  })

  test('a cursor that is gone ends the list', async () => {
    expect(await idsOf(fresh(exampleRecord({ request_id: 'req_a' })).list({ before: 'req_gone' }))).toEqual([])
  })

  test('a list holds 50 by default and 1000 at most', async () => {
    const store = fresh(
      ...Array.from({ length: 1100 }, (_unused, index) =>
        exampleRecord({ request_id: `req_${index}`, started_at: 1000 + index }),
      ),
    )
    expect(await store.list()).toHaveLength(50)
    expect(await store.list({ limit: 5000 })).toHaveLength(1000)
    expect(await store.list({ limit: 0 })).toHaveLength(1)
  })
}

function scanLaws(fresh: Fresh): void {
  const scanned = async (store: RecordStore, filter?: Parameters<RecordStore['scan']>[0]): Promise<RequestRecord[]> => {
    const found: RequestRecord[] = []
    for await (const record of store.scan(filter)) found.push(record)
    return found
  }

  test('give every record whole, newest first, however many pages and batches there are', async () => {
    const store = fresh()
    const records = Array.from({ length: 1500 }, (_unused, index) =>
      // Long calls are written after shorter ones that began later.
      exampleRecord({ request_id: `req_${index}`, started_at: 1000 + ((index * 7) % 1500) + (index % 50 === 0 ? -900 : 0) }),
    )
    for (const [index, record] of records.entries()) {
      store.append(packWhole(record))
      if (index % 25 === 0) await store.flush()
    }
    const found = await scanned(store)
    expect(new Set(found.map(({ request_id }) => request_id)).size).toBe(1500)
    const times = found.map(({ started_at }) => started_at)
    expect(times).toEqual(times.toSorted((left, right) => right - left))
    expect(found.find(({ request_id }) => request_id === 'req_77')).toEqual(records[77])
  })

  test('stop at the limit and pass over what the filter leaves out', async () => {
    const store = fresh(
      exampleRecord({ request_id: 'req_a', started_at: 1000 }),
      exampleRecord({ request_id: 'req_b', started_at: 2000, requested_model: 'rare' }),
      exampleRecord({ request_id: 'req_c', started_at: 3000 }),
    )
    expect(await idsOf(scanned(store, { limit: 2 }))).toEqual(['req_c', 'req_b'])
    expect(await idsOf(scanned(store, { sinceMs: 2000 }))).toEqual(['req_c', 'req_b'])
    expect(await idsOf(scanned(store, { model: 'rare' }))).toEqual(['req_b'])
    expect(await scanned(fresh())).toEqual([])
  })

  test('give of two records with one id the first', async () => {
    const store = fresh(exampleRecord({ request_id: 'req_a', status: 200 }), exampleRecord({ request_id: 'req_a', status: 500 }))
    expect((await scanned(store)).map(({ status }) => status)).toEqual([200])
  })
}

function keepingLaws(fresh: Fresh): void {
  test('the first record of an id wins', async () => {
    const store = fresh(exampleRecord({ request_id: 'req_a', status: 200 }), exampleRecord({ request_id: 'req_a', status: 500 }))
    expect((await store.get('req_a'))?.status).toBe(200)
    expect(await store.list()).toHaveLength(1)
  })

  test('pruning deletes what started earlier, and says how many', async () => {
    const store = fresh(
      ...Array.from({ length: 1200 }, (_unused, index) => exampleRecord({ request_id: `req_${index}`, started_at: index })),
    )
    expect(await store.prune(1100)).toBe(1100)
    expect(await idsOf(store.list({ limit: 2 }))).toEqual(['req_1199', 'req_1198'])
    expect(await store.list({ limit: 1000 })).toHaveLength(100)
    expect(await store.prune(1100)).toBe(0)
  })

  test('closing twice is harmless', async () => {
    const store = fresh(exampleRecord({ request_id: 'req_a' }))
    await store.close()
    await store.close()
  })
}

/** A record as it stands, packed. For tests. */
export const packWhole = (record: RequestRecord): PackedRecord => ({
  requestId: record.request_id,
  startedAt: record.started_at,
  model: record.requested_model,
  status: record.status,
  sessionId: record.session_id,
  tenant: record.tenant,
  apiKeyId: record.api_key_id,
  owner: record.owner,
  json: JSON.stringify(record),
})

/** Reads what `packWhole` wrote. */
export const unpackWhole: UnpackRecord = (packed) => packed as RequestRecord

/** A complete record of one successful call to the mock provider, with the given fields replaced. For tests. */
export function exampleRecord(replaced: Partial<RequestRecord> = {}): RequestRecord {
  const requestId = replaced.request_id ?? 'req_0123456789abcdef0123456789abcdef'
  return {
    schema: 'switchback.record/v1',
    request_id: requestId,
    started_at: 1_795_000_000_000,
    engine_version: '0.1.0',
    revision: 1,
    config_hash: 'sha256:00',
    operation: 'generate',
    client_format: 'openai',
    requested_model: 'default',
    role: 'admin',
    streamed: false,
    decision: {
      schema: 'switchback.decision/v1',
      request_id: requestId,
      route: 'default',
      strategy: 'ordered_fallback',
      selected: { target_id: 'mock/echo' },
      fallbacks: [],
      rejected: [],
      reason: ['route=default'],
      unverified: false,
      scores: [],
      inputs: {
        model: 'default',
        stream: false,
        tools: false,
        json_schema: false,
        vision: false,
        audio: false,
        file: false,
        client_format: 'openai',
        estimated_input_tokens: 12,
        features: [],
      },
    },
    attempts: [
      {
        target_id: 'mock/echo',
        provider_id: 'mock',
        model: 'echo',
        account_id: 'default',
        format: 'openai',
        started_ms: 0.4,
        latency_ms: 2.1,
        outcome: 'success',
        passthrough: true,
      },
    ],
    diagnostics: [],
    status: 200,
    served: 'mock/echo',
    served_model: 'echo',
    finish: 'stop',
    finish_raw: 'stop',
    usage: { inputTokens: 8, outputTokens: 8 },
    timings: { total_ms: 2.9, first_token_ms: 2.4, overhead_us: 210 },
    request_bytes: 96,
    ...replaced,
  }
}
