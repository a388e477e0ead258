import { afterAll, beforeAll, expect, test } from 'bun:test'
import { ProbeLedger } from '../../src/operations/certify/probe-ledger.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { POSTGRES_LEDGER } from '../../src/state/ledger/postgres-schema.ts'
import { createPostgresLedger } from '../../src/state/ledger/postgres.ts'
import { postgresAddressOf } from '../../src/state/postgres/address.schema.ts'
import { describeWithServers } from '../support/describe-with-servers.ts'
import { startPostgres, type TestPostgres } from '../support/postgres-server.ts'
import { freshDatabase, freshName } from '../support/shared-state.ts'

describeWithServers(['postgres'], 'calls of probes', () => {
  let server: TestPostgres
  beforeAll(async () => {
    server = await startPostgres()
  })
  afterAll(() => server.close())

  test('stand in the ledger of gateways that share a database, and are told when there is none', async () => {
    const schema = freshName('probes')
    const postgres = postgresAddressOf(server.url(`?schema=${schema}`))
    const probes = new ProbeLedger({
      party: { provider: 'p', model: 'm', account: 'default', host: 'h.example' },
      prices: { priceOf: () => undefined },
      clock: systemClock,
      place: { kind: 'shared', postgres },
      budgets: { charge: async () => undefined },
      warn: () => undefined,
    })
    const usage = { inputTokens: 9, outputTokens: 1 }
    const seen = { status: 200, error: undefined, errorBody: undefined, events: [], lost: [], firstTokenMs: 1, totalMs: 2 }
    probes.note({ ...seen, response: { choices: [], usage } }, true)
    expect(await probes.keep()).toBe(false)
    const database = freshDatabase(server, [POSTGRES_LEDGER], schema)
    const ledger = createPostgresLedger({ database, required: false })
    await database.query('SELECT 1')
    expect(await probes.keep()).toBe(true)
    const { entries } = await ledger.entries({ since: 0, until: Date.now() + 60_000, limit: 10 })
    expect(JSON.stringify(entries)).toContain('"purpose":"probe"')
    await database.close()
  }, 30_000)
})
