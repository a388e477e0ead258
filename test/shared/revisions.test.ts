import { afterEach, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../../src/lib/clock.ts'
import { createNoCoordination } from '../../src/state/coordination/none.ts'
import { revisionStoreConformance } from '../../src/state/revisions/conformance.ts'
import { POSTGRES_REVISIONS } from '../../src/state/revisions/postgres-schema.ts'
import { createPostgresRevisions } from '../../src/state/revisions/postgres.ts'
import { CommandLine } from '../support/command-line.ts'
import { describeWithServers } from '../support/describe-with-servers.ts'
import { eventually, TestWorld, type TestGateway, type TestGatewayOptions } from '../support/gateway-fixture.ts'
import { freshDatabase, freshName } from '../support/shared-state.ts'
import { suiteServers } from '../support/suite-servers.ts'

type Json = Record<string, unknown>

const ALONE = { id: 'alone', host: 'test', pid: 1, started: '', version: '0', configHash: '' }
const KEY = 'boss-key-0123456789'
const KEYS = [{ prefix: 'boss', key_hash: `sha256:${new Bun.CryptoHasher('sha256').update(KEY).digest('hex')}`, role: 'admin' }]
const AS_BOSS = { headers: { authorization: `Bearer ${KEY}` } }
const document = (provider: string, more = ''): string =>
  `api_keys: ${JSON.stringify(KEYS)}\nproviders: [{ id: ${provider}, type: mock }]\nroutes: [{ name: r, match: { model: m }, targets: [${provider}/echo] }]\n${more}`

describeWithServers(['postgres', 'redis'], 'revisions of gateways that share their state', () => {
  const servers = suiteServers()
  const world = new TestWorld()
  afterEach(() => world.closeAll())

  revisionStoreConformance('PostgreSQL', () => {
    const schema = freshName('revisions')
    return {
      open() {
        const database = world.keep(freshDatabase(servers.postgres, [POSTGRES_REVISIONS], schema))
        return world.keep(createPostgresRevisions({ database, clock: systemClock, coordination: createNoCoordination(ALONE) }))
      },
    }
  })

  /** Gateways on one state, as many as asked for, and later ones on the same. */
  function crew() {
    const name = freshName('revisions')
    const config = {
      api_keys: KEYS,
      providers: [{ id: 'own', type: 'mock' }],
      routes: [{ name: 'r', match: { model: 'm' }, targets: ['own/echo'] }],
      state: { store: servers.postgres.url(`?schema=${name}`), coordination: servers.redis.url(`?prefix=${name}`) },
    }
    const hire = (options: TestGatewayOptions = {}): Promise<TestGateway> => world.gateway(config, options)
    return { config, hire }
  }
  const ask = async (gateway: TestGateway, path: string, body?: Json): Promise<{ status: number; body: Json }> => {
    const answer = await (body === undefined ? fetch(`${gateway.url}${path}`, AS_BOSS) : gateway.post(path, body, AS_BOSS))
    return { status: answer.status, body: (await answer.json()) as Json }
  }
  const served = async (gateway: TestGateway): Promise<string> => {
    const answer = await gateway.post(
      '/v1/chat/completions',
      { model: 'm', messages: [{ role: 'user', content: 'hi' }] },
      AS_BOSS,
    )
    await answer.text()
    const { headers } = answer
    return `${/served=([^/]+)/.exec(headers.get('x-switchback-route') ?? '')?.[1]} ${headers.get('x-switchback-revision')}`
  }
  const all = (gateways: readonly TestGateway[]): Promise<string[]> => Promise.all(gateways.map(served))

  test('one that is published at one gateway is served by at all, and by those that start later', async () => {
    const { hire } = crew()
    const gateways = [await hire(), await hire(), await hire()]
    expect(await all(gateways)).toEqual(['own 1', 'own 1', 'own 1'])
    const { body } = await ask(gateways[1]!, '/v1/revisions', { document: document('a') })
    expect((body['replicas'] as Json[]).map(({ revision, current }) => [revision, current])).toEqual([
      [2, true],
      [2, true],
      [2, true],
    ])
    expect(await all(gateways)).toEqual(['a 2', 'a 2', 'a 2'])
    gateways.push(await hire())
    expect(await served(gateways[3]!)).toBe('a 2')
    await ask(gateways[3]!, '/v1/revisions/withdraw', {})
    await eventually(async () => new Set(await all(gateways)).size === 1, 'all serve by their own again')
    expect(await served(gateways[0]!)).toBe('own 1')
  }, 60_000)

  test('of ten that are published at once at several gateways in the place of the same, one wins everywhere', async () => {
    const { hire } = crew()
    const gateways = [await hire(), await hire(), await hire()]
    const replies = await Promise.all(
      Array.from({ length: 10 }, (_unused, index) =>
        ask(gateways[index % 3]!, '/v1/revisions', { document: document(`p${index}`), if_revision: 'none' }),
      ),
    )
    const won = replies.filter(({ status }) => status === 200)
    expect([won.length, replies.filter(({ status }) => status === 409).length]).toEqual([1, 9])
    const [winner] = won.map(({ body }) => body['revision'])
    await eventually(async () => (await all(gateways)).every((one) => one.endsWith(` ${String(winner)}`)), 'all serve by it')
    expect(new Set(await all(gateways)).size).toBe(1)
  }, 60_000)

  test('one that a command publishes past all gateways is found by them, and so is one while Redis is away', async () => {
    const { config, hire } = crew()
    const gateways = [await hire(), await hire()]
    const line = new CommandLine()
    world.keep({ close: () => line.dispose() })
    writeFileSync(join(line.home, 'switchback.yaml'), JSON.stringify(config))
    writeFileSync(join(line.home, 'all.yaml'), document('a'))
    const published = await line.run(['config', 'publish', 'all.yaml', '--note', 'by hand'])
    expect(published.stdout).toContain('Revision 2 is published for all gateways (none was before).')
    await eventually(async () => (await all(gateways)).every((one) => one === 'a 2'), 'both have found it')
    await servers.redis.kill()
    writeFileSync(join(line.home, 'all.yaml'), document('b'))
    expect((await line.run(['config', 'publish', 'all.yaml', '--if-revision', '2'])).exitCode).toBe(0)
    await eventually(async () => (await all(gateways)).every((one) => one === 'b 3'), 'both have found the next')
    await servers.redis.start()
    expect((await line.run(['config', 'history'])).stdout).toMatch(/revision 2 by \S+: by hand/)
  }, 60_000)

  test('a gateway that cannot take it keeps what it has, says why, and is told of to whoever publishes', async () => {
    const { hire } = crew()
    const told: string[] = []
    const good = await hire({ env: { TEAM_MODEL: 'echo' } })
    const bad = await hire({ tell: (line) => told.push(line) })
    const wanted = document('a').replace('a/echo', '"a/${TEAM_MODEL}"')
    const { status, body } = await ask(good, '/v1/revisions', { document: wanted })
    expect([status, body['revision']]).toEqual([200, 2])
    const current = (body['replicas'] as Json[]).map((replica) => [replica['url'], replica['current']])
    expect(new Map(current as [string, boolean][])).toEqual(
      new Map([
        [good.url, true],
        [bad.url, false],
      ]),
    )
    expect(await all([good, bad])).toEqual(['a 2', 'own 1'])
    expect(told.join('\n')).toMatch(/revision 2:3:.*TEAM_MODEL.* is not set[\s\S]*The one before it stays in force/)
    const late = await hire().then(
      () => 'started',
      (error: Error) => error.message,
    )
    expect(late).toContain('Revision 2, which boss has published for all gateways, is not taken here')
    await ask(good, '/v1/revisions', { document: document('b') })
    await eventually(async () => (await all([good, bad])).every((one) => one === 'b 3'), 'both take the next one')
  }, 60_000)

  test('a stream that runs keeps the revision it began with', async () => {
    const { hire } = crew()
    const [one, two] = [await hire(), await hire()]
    const running = await one.post(
      '/v1/chat/completions',
      {
        model: 'own/slow',
        stream: true,
        messages: [{ role: 'user', content: 'one two three four five six seven eight' }],
      },
      AS_BOSS,
    )
    expect((await ask(two, '/v1/revisions', { document: document('a') })).status).toBe(200)
    expect(await served(one)).toBe('a 2')
    expect(running.headers.get('x-switchback-revision')).toBe('1')
    expect(await running.text()).toContain('[DONE]')
    expect((await one.recordOf(running)).revision).toBe(1)
  }, 60_000)
})
