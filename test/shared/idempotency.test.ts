import { afterAll, afterEach, beforeAll, expect, test } from 'bun:test'
import { systemClock } from '../../src/lib/clock.ts'
import { idempotencyStoreConformance } from '../../src/state/idempotency/conformance.ts'
import { createRedisIdempotency } from '../../src/state/idempotency/redis.ts'
import { redisAddressOf } from '../../src/state/redis/address.schema.ts'
import { openRedis, type Redis } from '../../src/state/redis/redis.ts'
import { CHAT, serving } from '../support/client-formats.ts'
import { describeWithServers } from '../support/describe-with-servers.ts'
import { eventually, providerAt, TestWorld, type TestGateway } from '../support/gateway-fixture.ts'
import { startPostgres, type TestPostgres } from '../support/postgres-server.ts'
import { startRedis, type TestRedis } from '../support/redis-server.ts'
import { freshName } from '../support/shared-state.ts'
import type { FakeUpstream } from '../support/fake-upstream.ts'

const EPOCH = 1_700_000_000_000
/** Number of a test's own first call at the upstream: each gateway has made one before. */
const FIRST = 2

describeWithServers(['postgres', 'redis'], 'idempotency keys of gateways that share Redis', () => {
  let postgres: TestPostgres
  let server: TestRedis
  let redis: Redis
  const world = new TestWorld()
  beforeAll(async () => {
    ;[postgres, server] = await Promise.all([startPostgres(), startRedis()])
    redis = openRedis({ address: redisAddressOf(server.url()), clock: systemClock })
  })
  afterEach(() => world.closeAll())
  afterAll(async () => {
    redis.close()
    await Promise.all([postgres.close(), server.close()])
  })

  idempotencyStoreConformance('Redis', { bound: 'time' }, ({ leaseMs, ttlMs }) => {
    const prefix = freshName('idempotency')
    let time = EPOCH
    const under = {
      run: redis.run.bind(redis),
      key: (...parts: readonly string[]) => redis.key(prefix, ...parts),
    }
    return {
      store: createRedisIdempotency({ redis: under, leaseMs, ttlMs, now: () => time }),
      advance: (ms) => void (time += ms),
    }
  })

  const pair = async (more: Record<string, unknown> = {}): Promise<[TestGateway, TestGateway, FakeUpstream]> => {
    const name = freshName('idempotency')
    const upstream = await world.upstream(serving(CHAT))
    const config = {
      providers: [providerAt('up', upstream, 'openai')],
      state: { store: postgres.url(`?schema=${name}`), coordination: server.url(`?prefix=${name}`), ...more },
      server: { idempotency: { persist_response_bodies: true } },
    }
    const [one, two] = [await world.gateway(config), await world.gateway(config)]
    // Redis is given 250 ms a call; the first one connects and brings the script.
    for (const gateway of [one, two]) expect((await post(gateway, {}, freshName('first'))).status).toBe(200)
    return [one, two, upstream]
  }
  const post = (gateway: TestGateway, extra: Record<string, unknown> = {}, key = 'once'): Promise<Response> =>
    gateway.post(CHAT.path, { ...CHAT.call('up/m'), ...extra }, { headers: { 'idempotency-key': key } })

  test('a call happens once at a time wherever it is sent, and its answer is given again there', async () => {
    const [one, two, upstream] = await pair()
    const { promise, resolve } = Promise.withResolvers<void>()
    upstream.enqueue({ ...serving(CHAT)({ text: '{}' }), before: [{ until: promise }] })
    const first = post(one)
    await upstream.request(FIRST)
    expect((await post(two)).status).toBe(409)
    expect((await post(two, { temperature: 1 })).status).toBe(422)
    resolve()
    const body = await (await first).text()
    await eventually(async () => (await post(two)).status === 200, 'the key is free')
    const again = await post(two)
    expect([again.headers.get('idempotent-replayed'), await again.text()]).toEqual(['true', body])
    expect(upstream.requests).toHaveLength(FIRST + 1)
    const kept = JSON.stringify(await redis.send('KEYS', ['*']))
    expect(kept).not.toContain('once')
  })

  test('each gateway keeps its calls apart by itself while Redis is away, and tells what ended when it is back', async () => {
    const [one, two, upstream] = await pair()
    const { promise, resolve } = Promise.withResolvers<void>()
    upstream.enqueue({ ...serving(CHAT)({ text: '{}' }), before: [{ until: promise }] })
    const first = post(one)
    await upstream.request(FIRST)
    server.stall()
    resolve()
    expect((await first).status).toBe(200)
    expect((await post(one)).status).toBe(200)
    server.resume()
    await eventually(async () => {
      await post(one, { temperature: 1 })
      return (await post(two)).headers.get('idempotent-replayed') === 'true'
    }, 'the end is told')
  })

  test('nothing begins under a key without Redis where that is asked for', async () => {
    const [one] = await pair({ on_loss: 'closed' })
    server.stall()
    const refused = await post(one)
    expect([refused.status, CHAT.errorOf(await refused.json()).code]).toEqual([503, 'coordination_lost'])
    server.resume()
  })
})
