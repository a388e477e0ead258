import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import { systemClock } from '../../src/lib/clock.ts'
import { exampleRecord, packWhole, recordStoreConformance, unpackWhole } from '../../src/state/records/conformance.ts'
import { POSTGRES_RECORDS } from '../../src/state/records/postgres-schema.ts'
import { createPostgresRecords } from '../../src/state/records/postgres.ts'
import type { RecordStore } from '../../src/state/records/store.ts'
import { describeWithServers } from '../support/describe-with-servers.ts'
import { eventually } from '../support/gateway-fixture.ts'
import { startPostgres, type TestPostgres } from '../support/postgres-server.ts'
import { freshDatabase, freshName } from '../support/shared-state.ts'

describeWithServers(['postgres'], 'PostgreSQL keeps records', () => {
  let server: TestPostgres
  const cleanUp: (() => Promise<void>)[] = []
  const warnings: string[] = []
  beforeAll(async () => {
    server = await startPostgres()
  })
  afterEach(async () => {
    for (const undo of cleanUp.splice(0).reverse()) await undo()
    warnings.length = 0
  })
  afterAll(() => server.close())

  const open = (schema = freshName('records'), maxQueued?: number): RecordStore => {
    const database = freshDatabase(server, [POSTGRES_RECORDS], schema)
    cleanUp.push(() => database.close())
    return createPostgresRecords({
      database,
      clock: systemClock,
      warn: (message) => warnings.push(message),
      unpack: unpackWhole,
      writer: freshName('writer'),
      maxQueued,
    })
  }
  const idsOf = async (store: RecordStore): Promise<string[]> =>
    (await store.list({ limit: 1000 })).map(({ request_id }) => request_id).toSorted()

  recordStoreConformance('PostgreSQL', () => open())

  test('of several replicas together, each of which sees what the others have written', async () => {
    const schema = freshName('records')
    const [one, two] = [open(schema), open(schema)]
    one.append(packWhole(exampleRecord({ request_id: 'req_a' })))
    two.append(packWhole(exampleRecord({ request_id: 'req_b' })))
    await Promise.all([one.flush(), two.flush()])
    expect(await idsOf(one)).toEqual(['req_a', 'req_b'])
    expect(await idsOf(two)).toEqual(['req_a', 'req_b'])
  })

  test('with names that PostgreSQL cannot hold as they are', async () => {
    const store = open()
    const model = 'odd \u0000 \ud800 name'
    store.append(packWhole(exampleRecord({ request_id: 'req_odd', requested_model: model })))
    expect(await idsOf(store)).toEqual(['req_odd'])
    expect((await store.list({ model })).map(({ request_id }) => request_id)).toEqual(['req_odd'])
    expect(await store.get('\u0000')).toBeUndefined()
  })

  test('pruned by several replicas at once, each record once', async () => {
    const schema = freshName('records')
    const stores = [open(schema), open(schema), open(schema)]
    for (let index = 0; index < 600; index++) {
      stores[index % 3]?.append(packWhole(exampleRecord({ request_id: `req_${index}`, started_at: index })))
      if (index % 50 === 0) await stores[index % 3]?.flush()
    }
    await Promise.all(stores.map((store) => store.flush()))
    const counts = await Promise.all(stores.map((store) => store.prune(500)))
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(500)
    expect(await idsOf(stores[0]!)).toHaveLength(100)
  })

  describe('through outages', () => {
    const append = (store: RecordStore, id: string): void => store.append(packWhole(exampleRecord({ request_id: id })))

    test('a database that crashes loses nothing and doubles nothing', async () => {
      const store = open()
      append(store, 'req_before')
      await store.flush()
      await server.kill()
      append(store, 'req_during')
      await store.flush()
      expect(warnings).toEqual([expect.stringContaining('cannot be written')])
      expect(store.backlog?.()).toMatchObject({ waiting: 1, dropped: 0 })
      await server.start()
      await eventually(() => store.backlog?.().waiting === 0, 'what waited is written')
      expect(await idsOf(store)).toEqual(['req_before', 'req_during'])
      expect(warnings.at(-1)).toContain('written again')
    })

    test('a database that hangs in the middle of a batch gets it again, and has it once', async () => {
      const store = open()
      append(store, 'req_before')
      await store.flush()
      server.stall()
      append(store, 'req_during')
      await store.flush()
      expect(store.backlog?.().waiting).toBe(1)
      server.resume()
      await eventually(() => store.backlog?.().waiting === 0, 'what waited is written')
      expect(await idsOf(store)).toEqual(['req_before', 'req_during'])
    })

    test('what does not fit into memory is counted', async () => {
      const store = open(freshName('records'), 10)
      await store.list()
      await server.kill()
      for (let index = 0; index < 25; index++) append(store, `req_${index}`)
      expect(store.backlog?.()).toMatchObject({ waiting: 10, dropped: 15 })
      await server.start()
      await eventually(async () => (await idsOf(store).catch(() => [])).length === 10, 'the rest is written')
    })
  })
})
