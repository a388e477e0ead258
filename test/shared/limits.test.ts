import { afterAll, beforeAll, expect, test } from 'bun:test'
import { systemClock } from '../../src/lib/clock.ts'
import { limitStoreConformance } from '../../src/state/limits/conformance.ts'
import { period, slot } from '../../src/state/limits/conformance-support.ts'
import { createRedisLimits } from '../../src/state/limits/redis.ts'
import { redisAddressOf } from '../../src/state/redis/address.schema.ts'
import { openRedis, type Redis } from '../../src/state/redis/redis.ts'
import { describeWithServers } from '../support/describe-with-servers.ts'
import { startRedis, type TestRedis } from '../support/redis-server.ts'
import { eventually } from '../support/gateway-fixture.ts'
import { freshName } from '../support/shared-state.ts'

const EPOCH = 1_700_000_000_000

describeWithServers(['redis'], 'Redis counts limits', () => {
  let server: TestRedis
  let redis: Redis
  beforeAll(async () => {
    server = await startRedis()
    redis = openRedis({ address: redisAddressOf(server.url()), clock: systemClock })
  })
  afterAll(async () => {
    redis.close()
    await server.close()
  })

  const under = (prefix: string): Pick<Redis, 'run' | 'key'> => ({
    run: (script, keys, values) => redis.run(script, keys, values),
    key: (...parts) => redis.key(prefix, ...parts),
  })

  limitStoreConformance('Redis', (leaseMs) => {
    let time = EPOCH
    const store = createRedisLimits({ redis: under(freshName('limits')), leaseMs, now: () => time })
    return { store, advance: (ms) => void (time += ms), wall: () => time }
  })

  test('to the last nano-dollar, however large the sums are', async () => {
    const store = createRedisLimits({ redis: under(freshName('limits')) })
    const limit = 9_000_000_000_000_000
    for (const [id, amount] of [
      ['a', 4_503_599_627_370_497],
      ['b', 1],
      ['c', 2],
    ] as const) {
      await store.acquire(id, [period('money', amount, limit)])
      await store.settle(id, {})
    }
    expect(await store.look([period('money', 0, limit)])).toMatchObject([{ used: 4_503_599_627_370_500, held: 0 }])
  })

  test('for many processes at once, none of which gets more than there is', async () => {
    const prefix = freshName('limits')
    const processes = Array.from({ length: 4 }, () =>
      createRedisLimits({
        redis: openRedis({ address: redisAddressOf(server.url(`?prefix=${prefix}`)), clock: systemClock }),
      }),
    )
    const answers = await Promise.all(
      Array.from({ length: 400 }, async (_unused, index) =>
        processes[index % 4]!.acquire(`call ${index}`, [slot('places', 30), period('money', 10, 250)]),
      ),
    )
    expect(answers.filter(({ granted }) => granted)).toHaveLength(25)
  })

  test('and forgets what counts nothing any more', async () => {
    const prefix = freshName('limits')
    let time = Date.now()
    const store = createRedisLimits({ redis: under(prefix), leaseMs: 50, now: () => time })
    await store.acquire('a', [slot('places', 1), period('day', 1, 10, { start: time - 10, end: time + 20 })])
    await store.release('a')
    time += 1_000
    const kept = async (): Promise<number> => ((await redis.send('KEYS', [`*${prefix}*`])) as unknown[]).length
    await eventually(async () => (await kept()) === 0, 'all keys have expired')
  })
})
