import { afterAll, afterEach, beforeAll, expect, test } from 'bun:test'
import { asAccountId, targetIdOf } from '../../src/ir/ids.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { affinityStoreConformance } from '../../src/state/affinity/conformance.ts'
import { createMemoryAffinity } from '../../src/state/affinity/memory.ts'
import { createSharedAffinity } from '../../src/state/affinity/shared.ts'
import { createNoCoordination } from '../../src/state/coordination/none.ts'
import type { Coordination } from '../../src/state/coordination/store.ts'
import { openRedis } from '../../src/state/redis/redis.ts'
import { redisAddressOf } from '../../src/state/redis/address.schema.ts'
import { describeWithServers } from '../support/describe-with-servers.ts'
import { eventually } from '../support/gateway-fixture.ts'
import { startRedis, type TestRedis } from '../support/redis-server.ts'
import { freshName, joinReplica } from '../support/shared-state.ts'

affinityStoreConformance('shared memory', (limits) => {
  let time = 0
  const clock = { now: () => time }
  const coordination = createNoCoordination({ id: 'a', host: 'h', pid: 1, started: '', version: '0', configHash: '' })
  const store = createSharedAffinity({
    local: createMemoryAffinity({ clock, ...limits, answerCapacity: limits.capacity, answerTtlMs: limits.ttlMs }),
    coordination,
    clock,
  })
  return { store, advance: (ms) => void (time += ms) }
})

describeWithServers(['redis'], 'replicas that share a Redis', () => {
  let server: TestRedis
  const joined: Coordination[] = []
  const join = async (prefix: string): Promise<Coordination> => {
    const coordination = await joinReplica(server, prefix)
    joined.push(coordination)
    return coordination
  }
  const hearing = (coordination: Coordination): unknown[] => {
    const heard: unknown[] = []
    coordination.listen('news', ({ n }) => heard.push(n))
    return heard
  }
  beforeAll(async () => {
    server = await startRedis()
  })
  afterEach(async () => {
    for (const coordination of joined.splice(0)) await coordination.close()
  })
  afterAll(() => server.close())

  test('hear each other’s announcements in order, not their own, and not those of another installation', async () => {
    const prefix = freshName('news')
    const [one, two, stranger] = [await join(prefix), await join(prefix), await join(freshName('other'))]
    const [own, heard, strange] = [hearing(one), hearing(two), hearing(stranger)]
    for (let n = 0; n < 500; n++) one.announce('news', { n })
    await eventually(() => heard.length === 500, 'everything is heard')
    expect(heard).toEqual(Array.from({ length: 500 }, (_unused, n) => n))
    expect([...own, ...strange]).toEqual([])
  })

  test('catch up with what was announced before they started, and know how long ago that was', async () => {
    const prefix = freshName('news')
    const one = await join(prefix)
    one.announce('news', { n: 1 })
    await eventually(() => one.status().waiting === 0, 'it is sent')
    await Bun.sleep(300)
    const late = await joinReplica(server, prefix)
    joined.push(late)
    const ages: number[] = []
    late.listen('news', (_news, age) => ages.push(age))
    const sentAt = Date.now()
    one.announce('news', { n: 2 })
    await eventually(() => ages.length === 1, 'the new one is heard')
    expect(ages[0]).toBeLessThanOrEqual(Date.now() - sentAt + 50)
  })

  test('that cannot reach it keep what they have to say, say it when they can, and count what they cannot keep', async () => {
    const prefix = freshName('news')
    const [one, two] = [await join(prefix), await join(prefix)]
    const heard = hearing(two)
    await server.kill()
    for (let n = 0; n < 5_000; n++) one.announce('news', { n })
    await eventually(() => !one.status().connected, 'the outage is noticed')
    expect(one.status()).toMatchObject({ waiting: 4_096, lost: 904 })
    expect(two.replicas()).toHaveLength(2)
    await server.start()
    await eventually(() => heard.length === 4_096, 'what waited is heard', 15_000)
    expect(heard.at(-1)).toBe(4_999)
    await eventually(() => one.status().connected, 'the end of the outage is noticed')
  })

  test('that hangs go on hearing each other when it answers again', async () => {
    const prefix = freshName('news')
    const [one, two] = [await join(prefix), await join(prefix)]
    const heard = hearing(two)
    server.stall()
    one.announce('news', { n: 1 })
    expect(one.behindMs()).toBe(0)
    await eventually(() => !one.status().connected, 'the outage is noticed')
    await eventually(() => one.behindMs() > 100, 'it knows that it lags')
    server.resume()
    await eventually(() => heard.includes(1), 'what waited is heard', 15_000)
    await eventually(() => one.behindMs() === 0, 'it has caught up')
  }, 40_000)

  test('know who is alive: whoever leaves is gone at once, and whoever dies when the lease ends', async () => {
    const prefix = freshName('crowd')
    const [one, two] = [await join(prefix), await join(prefix)]
    one.describe({ url: 'http://127.0.0.1:1' })
    await eventually(() => two.replicas().some(({ url }) => url === 'http://127.0.0.1:1'), 'both know both')
    await one.close()
    await eventually(() => two.replicas().length === 1, 'the one that left is gone')
    // A lease that nobody renews, as a replica leaves it that was killed.
    const redis = openRedis({ address: redisAddressOf(server.url(`?prefix=${prefix}`)), clock: systemClock })
    await redis.send('ZADD', [redis.key('leases'), Date.now() + 4_500, 'dead'])
    await redis.send('HSET', [redis.key('cards'), 'dead', JSON.stringify({ ...two.replicas()[0], id: 'dead' })])
    await eventually(() => two.replicas().length === 2, 'it is counted while the lease lasts')
    await eventually(() => two.replicas().length === 1, 'it is gone when the lease has ended')
    redis.close()
  }, 30_000)

  test('find the place of a conversation that another one has served, and what it has outgrown', async () => {
    const prefix = freshName('places')
    const open = async () => {
      const coordination = await join(prefix)
      return createSharedAffinity({ local: createMemoryAffinity({ clock: systemClock }), coordination, clock: systemClock })
    }
    const [one, two] = [await open(), await open()]
    const key = { owner: 'team', session: 's', route: 'fast' }
    const target = targetIdOf('p', 'm')
    one.remember(key, { target, account: asAccountId('a') })
    one.rememberOverflow(key, { target: targetIdOf('p', 'small'), inputTokens: 9_000 })
    await eventually(() => two.lookup(key)?.account === 'a' && two.overflows(key).length === 1, 'the other knows it')
    two.remember(key, { target, account: asAccountId('b') })
    await eventually(() => one.lookup(key)?.account === 'b', 'the first follows')
    one.remember(key, { target, account: asAccountId('a') })
    await eventually(() => two.lookup(key)?.account === 'a', 'and the other again')
    one.rememberOrigin({ owner: 'team', answer: 'resp_1' }, { target, account: asAccountId('a'), session: 's' })
    await eventually(() => two.origin({ owner: 'team', answer: 'resp_1' })?.account === 'a', 'who gave an answer is known')
    expect(two.origin({ owner: 'other', answer: 'resp_1' })).toBeUndefined()
    two.forget(key)
    await eventually(() => one.lookup(key) === undefined, 'it is forgotten by both')
  })
})
