import { afterAll, afterEach, beforeAll, expect, test } from 'bun:test'
import { exampleLoss, exampleSettlement, ledgerConformance, TEN } from '../../src/state/ledger/conformance.ts'
import { POSTGRES_LEDGER } from '../../src/state/ledger/postgres-schema.ts'
import { createPostgresLedger } from '../../src/state/ledger/postgres.ts'
import type { LedgerStore } from '../../src/state/ledger/store.ts'
import { DAY_MS } from '../../src/state/ledger/time-range.ts'
import { describeWithServers } from '../support/describe-with-servers.ts'
import { startPostgres, type TestPostgres } from '../support/postgres-server.ts'
import { freshDatabase, freshName } from '../support/shared-state.ts'

const RANGE = { since: TEN - DAY_MS, until: TEN + DAY_MS }

describeWithServers(['postgres'], 'PostgreSQL keeps the ledger', () => {
  let server: TestPostgres
  const cleanUp: (() => Promise<void>)[] = []
  beforeAll(async () => {
    server = await startPostgres()
  })
  afterEach(async () => {
    for (const undo of cleanUp.splice(0)) await undo()
  })
  afterAll(() => server.close())

  const open = (schema = freshName('ledger')): LedgerStore => {
    const database = freshDatabase(server, [POSTGRES_LEDGER], schema)
    cleanUp.push(() => database.close())
    return createPostgresLedger({ database, required: true })
  }
  ledgerConformance('PostgreSQL', () => open())

  test('of replicas that write the same parties and sessions at once, to the last token', async () => {
    const schema = freshName('ledger')
    const replicas = Array.from({ length: 4 }, () => open(schema))
    const models = ['a', 'b', 'c', 'd', 'e']
    const entriesOf = (replica: number) =>
      Array.from({ length: 120 }, (_unused, index) => {
        const model = models[(index * (replica + 1)) % models.length] ?? 'a'
        const party = { ...exampleSettlement('x').party, model }
        return exampleSettlement(`req_${replica}_${index}.0`, { party, session: `s${(index * 7 + replica) % 9}` })
      })
    await Promise.all(
      replicas.map(async (store, replica) => {
        const entries = entriesOf(replica)
        for (let from = 0; from < entries.length; from += 20) await store.write(entries.slice(from, from + 20))
      }),
    )
    const proof = await replicas[0]!.prove(RANGE)
    expect(proof.entries).toEqual(proof.rollups)
    expect(proof.entries.attempts).toBe(480n)
    const sessions = await replicas[0]!.rollups({ ...RANGE, groupBy: ['session'], filter: {} })
    expect(sessions).toHaveLength(9)
    expect(sessions.reduce((sum, { sums }) => sum + sums.attempts, 0n)).toBe(480n)
  })

  test('with the same batch sent by two replicas at once, each entry once', async () => {
    const schema = freshName('ledger')
    const batch = Array.from({ length: 50 }, (_unused, index) => exampleSettlement(`req_${index}.0`))
    const outcomes = await Promise.all([open(schema).write(batch), open(schema).write(batch.toReversed())])
    expect(outcomes.reduce((sum, { written }) => sum + written, 0)).toBe(50)
    const store = open(schema)
    const proof = await store.prove(RANGE)
    expect([proof.entries.attempts, proof.rollups.attempts]).toEqual([50n, 50n])
  })

  test('with names that PostgreSQL cannot hold as they are', async () => {
    const store = open()
    const party = { ...exampleSettlement('x').party, model: 'odd \u0000 \ud800 name' }
    await store.write([exampleSettlement('req_a.0', { party, session: 'se\u0000ssion' }), exampleLoss('req_b.0', { party })])
    expect((await store.entries({ model: party.model })).entries).toHaveLength(2)
    expect(await store.rollups({ ...RANGE, groupBy: ['model'], filter: { session: 'se\u0000ssion' } })).toHaveLength(1)
  })
})
