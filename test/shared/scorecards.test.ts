import { afterAll, beforeAll, expect, test } from 'bun:test'
import { asProviderId, targetIdOf } from '../../src/ir/ids.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { createMemoryHealth } from '../../src/state/health/memory.ts'
import { createPostgresScorecards, POSTGRES_SCORECARDS } from '../../src/state/health/postgres-scorecards.ts'
import { keepScorecards } from '../../src/state/health/scorecard-keeper.ts'
import { describeWithServers } from '../support/describe-with-servers.ts'
import { startPostgres, type TestPostgres } from '../support/postgres-server.ts'
import { freshDatabase, freshName } from '../support/shared-state.ts'

const TARGET = { id: targetIdOf('p', 'm'), provider: asProviderId('p'), model: 'm', format: 'openai' } as const
const KEEPING = { flushMs: 30_000, staleHydrateMs: 3_600_000 }

describeWithServers(['postgres'], 'PostgreSQL keeps scorecards', () => {
  let server: TestPostgres
  beforeAll(async () => {
    server = await startPostgres()
  })
  afterAll(() => server.close())

  const start = (schema: string, warnings: string[] = []) => {
    const database = freshDatabase(server, [POSTGRES_SCORECARDS], schema)
    const health = createMemoryHealth({ clock: systemClock })
    const file = createPostgresScorecards(database)
    const warn = (message: string): void => void warnings.push(message)
    const keeper = keepScorecards({ health, file, clock: systemClock, keeping: KEEPING, warn })
    return { database, health, keeper }
  }
  const call = (health: ReturnType<typeof createMemoryHealth>, times: number): void => {
    for (let time = 0; time < times; time++) {
      const permit = health.admit(TARGET)
      if (permit.admitted) permit.settle({ kind: 'success', streamed: false, totalMs: 10 })
    }
  }

  test('over a restart, of several replicas the latest', async () => {
    const schema = freshName('scorecards')
    const first = start(schema)
    await first.keeper.loaded
    call(first.health, 20)
    await first.keeper.close()
    const second = start(schema)
    await second.keeper.loaded
    expect(second.health.observe(TARGET).outcome?.successRate).toBeGreaterThan(0.5)
    call(second.health, 5)
    await second.keeper.close()
    const rows = await second.database.query('SELECT target, demoted FROM scorecards')
    expect(rows[0]).toMatchObject({ target: 'p/m', demoted: null })
    expect(rows).toHaveLength(1)
    await Promise.all([first.database.close(), second.database.close()])
  })

  test('and saves them once it is back, after it could not be reached', async () => {
    const schema = freshName('scorecards')
    const warnings: string[] = []
    const { database, health, keeper } = start(schema, warnings)
    await keeper.loaded
    await server.kill()
    call(health, 20)
    await keeper.close()
    expect(warnings).toEqual([expect.stringContaining('cannot be saved')])
    await server.start()
    await database.close()
  })
})
