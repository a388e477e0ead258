import { afterAll, beforeAll, expect, test } from 'bun:test'
import { ManualClock } from '../support/manual-clock.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { exampleLoss, exampleSettlement } from '../../src/state/ledger/conformance.ts'
import { POSTGRES_LEDGER } from '../../src/state/ledger/postgres-schema.ts'
import { createPostgresLedger } from '../../src/state/ledger/postgres.ts'
import { buryOrphans } from '../../src/state/open-attempts/bury-orphans.ts'
import { openAttemptsConformance } from '../../src/state/open-attempts/conformance.ts'
import { createRedisOpenAttempts } from '../../src/state/open-attempts/redis.ts'
import type { OpenAttempts } from '../../src/state/open-attempts/store.ts'
import { redisAddressOf } from '../../src/state/redis/address.schema.ts'
import { openRedis, type Redis } from '../../src/state/redis/redis.ts'
import { describeWithServers } from '../support/describe-with-servers.ts'
import { eventually } from '../support/gateway-fixture.ts'
import { startPostgres, type TestPostgres } from '../support/postgres-server.ts'
import { startRedis, type TestRedis } from '../support/redis-server.ts'
import { freshDatabase, freshName } from '../support/shared-state.ts'

const HOUR_MS = 3_600_000

describeWithServers(['postgres', 'redis'], 'attempts of replicas', () => {
  let postgres: TestPostgres
  let server: TestRedis
  let redis: Redis
  beforeAll(async () => {
    ;[postgres, server] = await Promise.all([startPostgres(), startRedis()])
    redis = openRedis({ address: redisAddressOf(server.url()), clock: systemClock })
  })
  afterAll(async () => {
    redis.close()
    await Promise.all([postgres.close(), server.close()])
  })

  /** Replicas under one prefix, whose leases the test gives and takes. */
  const crowd = () => {
    const prefix = freshName('open')
    const ids = new Map<OpenAttempts, string>()
    let underWay = 0
    const key = (...parts: readonly string[]): string => redis.key(prefix, ...parts)
    const lease = (id: string): Promise<unknown> => redis.send('ZADD', [key('leases'), Date.now() + HOUR_MS, id])
    return {
      async start(): Promise<OpenAttempts> {
        const id = freshName('replica')
        await lease(id)
        const attempts = createRedisOpenAttempts({
          redis: {
            key,
            run(script, keys, values) {
              underWay += 1
              return redis.run(script, keys, values).finally(() => (underWay -= 1))
            },
          },
          process: id,
        })
        ids.set(attempts, id)
        return attempts
      },
      async kill(attempts: OpenAttempts): Promise<void> {
        let isQuiet = false
        while (!isQuiet) {
          await Bun.sleep(1)
          isQuiet = underWay === 0
        }
        await redis.send('ZREM', [key('leases'), ids.get(attempts) ?? ''])
      },
      revive: (attempts: OpenAttempts): Promise<unknown> => lease(ids.get(attempts) ?? ''),
      keys: async (): Promise<unknown> => redis.send('KEYS', [`${key('open')}*`]),
    }
  }
  openAttemptsConformance('Redis', crowd)

  test('are written down as lost once, by however many replicas find them, and nothing is left of them', async () => {
    const replicas = crowd()
    const dead = await replicas.start()
    const ids = Array.from({ length: 700 }, (_unused, index) => `req_${index}.0`)
    for (const id of ids) dead.begun(exampleLoss(id))
    await replicas.kill(dead)
    const database = freshDatabase(postgres, [POSTGRES_LEDGER])
    const ledger = createPostgresLedger({ database, required: true })
    // Its end had been written, and nobody could be told.
    await ledger.write([exampleSettlement('req_0.0')])
    const clock = new ManualClock()
    const alive = await Promise.all([replicas.start(), replicas.start(), replicas.start()])
    const stops = alive.map((attempts) => buryOrphans({ attempts, ledger, clock, warn: () => undefined }))
    await eventually(
      async () => {
        await clock.advance(5_000)
        return JSON.stringify(await replicas.keys()) === '[]'
      },
      'all are buried',
      20_000,
    )
    for (const stop of stops) stop()
    const rows = await database.query('SELECT kind, count(*)::int AS number FROM ledger_entries GROUP BY kind ORDER BY kind')
    expect(rows.map(({ kind, number }) => [kind, number])).toEqual([
      ['lost', 699],
      ['settlement', 1],
    ])
    const [sums] = await ledger.rollups({ since: 0, until: 4e12, groupBy: [], filter: {} })
    expect(sums?.sums).toMatchObject({ attempts: 700n, lost: 699n })
    await ledger.write([exampleSettlement('req_5.0')])
    expect((await ledger.rollups({ since: 0, until: 4e12, groupBy: [], filter: {} }))[0]?.sums).toMatchObject({
      attempts: 700n,
      lost: 698n,
    })
    await database.close()
  })

  test('that ended while Redis was away are forgotten when it is back', async () => {
    const replicas = crowd()
    const attempts = await replicas.start()
    attempts.begun(exampleLoss('req_a.0'))
    await attempts.orphans()
    server.stall()
    attempts.kept(['req_a.0'])
    await eventually(
      () =>
        redis.send('PING', []).then(
          () => false,
          () => true,
        ),
      'Redis is away',
    )
    server.resume()
    await eventually(
      () =>
        redis.send('PING', []).then(
          () => true,
          () => false,
        ),
      'Redis is back',
    )
    await attempts.orphans()
    expect(await replicas.keys()).toEqual([])
  })

  test('of a replica that lost its lease for a moment are left to it', async () => {
    const replicas = crowd()
    const [one, two] = [await replicas.start(), await replicas.start()]
    one.begun(exampleLoss('req_a.0'))
    await replicas.kill(one)
    expect(await two.orphans()).toEqual([])
    await replicas.revive(one)
    expect(await two.orphans()).toEqual([])
    await replicas.kill(one)
    expect(await two.orphans()).toEqual([])
    expect(await two.orphans()).toEqual([exampleLoss('req_a.0')])
  })
})
