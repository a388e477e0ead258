import { afterAll, afterEach, beforeAll, expect, test } from 'bun:test'
import { systemClock } from '../../src/lib/clock.ts'
import { redisAddressOf } from '../../src/state/redis/address.schema.ts'
import { openRedis, redisScript, type Redis } from '../../src/state/redis/redis.ts'
import { describeWithServers } from '../support/describe-with-servers.ts'
import { eventually } from '../support/gateway-fixture.ts'
import { startRedis, type TestRedis } from '../support/redis-server.ts'

describeWithServers(['redis'], 'the Redis client', () => {
  let server: TestRedis
  const opened: Redis[] = []
  const open = (url = server.url(), deadlineMs = 5_000): Redis => {
    const redis = openRedis({ address: redisAddressOf(url), clock: systemClock, deadlineMs })
    opened.push(redis)
    return redis
  }
  const answers = (redis: Redis): Promise<boolean> =>
    redis.send('PING', []).then(
      () => true,
      () => false,
    )
  beforeAll(async () => {
    server = await startRedis()
  })
  afterEach(() => {
    for (const redis of opened.splice(0)) redis.close()
  })
  afterAll(() => server.close())

  test('keys carry the prefix of the installation', () => {
    expect(open(server.url('?prefix=team-a')).key('lock', 'x')).toBe('team-a:lock:x')
    expect(open().key('lock')).toBe('switchback:lock')
  })

  test('a script runs on a server that knows it and on one that does not', async () => {
    const redis = open()
    const script = redisScript('return {KEYS[1], ARGV[1]}')
    expect(await redis.run(script, ['k'], ['one'])).toEqual(['k', 'one'])
    expect(await redis.run(script, ['k'], ['two'])).toEqual(['k', 'two'])
    await redis.send('SCRIPT', ['FLUSH'])
    expect(await redis.run(script, ['k'], ['three'])).toEqual(['k', 'three'])
  })

  test('a server that hangs is given up at the deadline, then refused at once, and used again once it answers', async () => {
    const redis = open(server.url(), 2_000)
    await eventually(() => answers(redis), 'the server is used')
    server.stall()
    expect(redis.send('PING', [])).rejects.toThrow(/did not answer within 2000 ms/)
    await redis.send('PING', []).catch(() => undefined)
    const before = performance.now()
    await redis.send('PING', []).catch(() => undefined)
    expect(performance.now() - before).toBeLessThan(1_000)
    server.resume()
    await eventually(() => answers(redis), 'the server is used again')
  })

  test('after a crash calls are refused at once, and served when the server is back, however long that takes', async () => {
    const redis = open()
    await redis.send('PING', [])
    await server.kill()
    await redis.send('PING', []).catch(() => undefined)
    expect(redis.send('PING', [])).rejects.toThrow(/no connection|connection was closed/)
    await server.start()
    await eventually(() => answers(redis), 'the server is used again')
  })

  test('a client that was opened while there was no server uses it when there is one', async () => {
    await server.kill()
    const redis = open()
    expect(await answers(redis)).toBe(false)
    await server.start()
    await eventually(() => answers(redis), 'the server is used')
  })

  test.each([
    ['password', () => server.url().replace('redis-secret-word', 'guess'), /user and password in state.coordination/],
    ['port', () => server.url().replace(String(server.port), '1'), /state.coordination/],
  ])('a wrong %s is told with what to do, and without the credentials', async (_what, url, message) => {
    const error = await open(url())
      .send('PING', [])
      .catch((thrown: unknown) => thrown)
    expect(String(error)).toMatch(message)
    expect(String(error)).not.toMatch(/redis-secret-word|guess/)
  })
})
