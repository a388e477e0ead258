import { afterEach, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../../src/lib/clock.ts'
import { createNoCoordination } from '../../src/state/coordination/none.ts'
import { rotatedKeyStoreConformance, sharedRotatedKeyConformance } from '../../src/state/rotated-keys/conformance.ts'
import { POSTGRES_ROTATED_KEYS } from '../../src/state/rotated-keys/migrations.ts'
import { createPostgresRotatedKeys } from '../../src/state/rotated-keys/postgres.ts'
import type { RotatedKeyStore, SealedKey } from '../../src/state/rotated-keys/store.ts'
import { generateVaultKey } from '../../src/vault/vault-file.ts'
import { CommandLine } from '../support/command-line.ts'
import { describeWithServers } from '../support/describe-with-servers.ts'
import { suiteServers } from '../support/suite-servers.ts'
import type { FakeUpstream } from '../support/fake-upstream.ts'
import { eventually, TestWorld, type TestGateway } from '../support/gateway-fixture.ts'
import { freshDatabase, freshName } from '../support/shared-state.ts'
import { chatAnswer, jsonReply } from '../support/upstream-answers.ts'

type Json = Record<string, unknown>

const OLD = 'zq7-old-key'
const NEW = 'zq7-new-key'
const ADMIN = { headers: { authorization: 'Bearer admin-key-0123456789' } }
const VARIABLE = 'SWITCHBACK_VAULT_KEY'

describeWithServers(['postgres', 'redis'], 'rotated keys of gateways that share their state', () => {
  const servers = suiteServers()
  const world = new TestWorld()
  const before = process.env[VARIABLE]
  const setVaultKey = (key: string | undefined): void => {
    if (key === undefined) delete process.env[VARIABLE]
    else process.env[VARIABLE] = key
  }
  afterEach(async () => {
    await world.closeAll()
    setVaultKey(before)
  })

  const openStore = (schema: string): RotatedKeyStore => {
    const database = world.keep(freshDatabase(servers.postgres, [POSTGRES_ROTATED_KEYS], schema))
    const card = { id: 'alone', host: 'test', pid: 1, started: '', version: '0', configHash: '' }
    return world.keep(createPostgresRotatedKeys({ database, clock: systemClock, coordination: createNoCoordination(card) }))
  }
  rotatedKeyStoreConformance('PostgreSQL', () => openStore(freshName('rotated')))
  sharedRotatedKeyConformance('PostgreSQL', () => {
    const schema = freshName('rotated')
    return { open: () => openStore(schema) }
  })

  test('one that could not be read at the moment of its announcement is read as soon as the database answers', async () => {
    const schema = freshName('rotated')
    const [watching, other] = [openStore(schema), openStore(schema)]
    const put = { provider: 'p', account: 'a', sealed: 'AAAA', at: 5 }
    await other.put(put)
    const failed = Promise.withResolvers<unknown>()
    const read = Promise.withResolvers<readonly SealedKey[]>()
    let isFirst = true
    watching.watch(async () => {
      if (isFirst) await servers.postgres.kill()
      isFirst = false
      await watching.list().then(read.resolve, (error: unknown) => {
        failed.resolve(error)
        throw error
      })
    })
    expect(await failed.promise).toMatchObject({ code: 'state_unavailable' })
    await servers.postgres.start()
    expect(await read.promise).toEqual([put])
  }, 30_000)

  /** An upstream that takes the keys of a set, and the configuration of gateways before it. */
  async function stage(account: Json = { api_key: OLD }) {
    const valid = new Set([OLD, NEW])
    const upstream = await world.upstream(({ headers }) =>
      valid.has(headers['authorization']?.replace('Bearer ', '') ?? '')
        ? jsonReply(chatAnswer())
        : jsonReply({ error: { message: 'bad key' } }, 401),
    )
    const name = freshName('rotated')
    const config = {
      api_keys: [{ key: 'admin-key-0123456789', role: 'admin' }],
      providers: [{ id: 'p', type: 'openai_compatible', base_url: `${upstream.url}/v1`, accounts: [{ id: 'main', ...account }] }],
      routes: [{ name: 'all', match: { model: '*' }, targets: ['p/m'], retry: { max_retries: 0 } }],
      state: { store: servers.postgres.url(`?schema=${name}`), coordination: servers.redis.url(`?prefix=${name}`) },
    }
    return { valid, upstream, config, name }
  }
  const ask = (gateway: TestGateway): Promise<Response> =>
    gateway.post('/v1/chat/completions', { model: 'any', messages: [{ role: 'user', content: 'Hi' }] }, ADMIN)
  const rotate = (gateway: TestGateway, secret = NEW): Promise<Response> =>
    gateway.post('/v1/accounts/p/main/rotate', { secret }, ADMIN)
  const sent = ({ requests }: FakeUpstream): string | undefined =>
    requests.at(-1)?.headers['authorization']?.replace('Bearer ', '')

  test('one that is given to one gateway is used by the others within a second, and after a restart', async () => {
    setVaultKey((await generateVaultKey()).reveal())
    const { valid, upstream, config, name } = await stage()
    const [one, two] = [await world.gateway(config), await world.gateway(config)]
    expect(await (await rotate(one)).json()).toMatchObject({ kept_in: 'state', checked: true })
    const uses = async (gateway: TestGateway): Promise<boolean> => (await ask(gateway)).status === 200 && sent(upstream) === NEW
    await eventually(() => uses(two), 'the other calls with the new key', 10_000)
    valid.delete(OLD)
    expect(await uses(one)).toBe(true)
    const third = await world.gateway(config)
    expect(await uses(third)).toBe(true)
    // The configuration has the word again once it has another key.
    const [provider] = config.providers
    const changed = { ...config, providers: [{ ...provider, accounts: [{ id: 'main', api_key: 'third' }] }] }
    const fourth = await world.gateway(changed)
    expect((await ask(fourth)).status).toBe(401)
    expect(sent(upstream)).toBe('third')
    const database = freshDatabase(servers.postgres, [], name)
    world.keep(database)
    const kept = JSON.stringify(await database.query('SELECT * FROM rotated_keys'))
    expect(kept).toContain('"main"')
    expect(kept).not.toContain('zq7')
  })

  test('none is taken without a key to seal it with, and the answer says what to do', async () => {
    setVaultKey(undefined)
    const { upstream, config } = await stage()
    const gateway = await world.gateway(config)
    const response = await rotate(gateway)
    const text = await response.text()
    expect(response.status).toBe(500)
    expect(text).toMatch(/nothing was changed. Set SWITCHBACK_VAULT_KEY .*key_file/)
    expect(text).not.toContain('zq7')
    expect(upstream.requests).toHaveLength(0)
    expect((await ask(gateway)).status).toBe(200)
    expect(sent(upstream)).toBe(OLD)
  })

  test('a gateway with another vault key goes on with the key of its configuration', async () => {
    setVaultKey((await generateVaultKey()).reveal())
    const { upstream, config } = await stage()
    const one = await world.gateway(config)
    await rotate(one)
    setVaultKey((await generateVaultKey()).reveal())
    const two = await world.gateway(config)
    expect((await ask(two)).status).toBe(200)
    expect(sent(upstream)).toBe(OLD)
  })

  test('one that stands in the vault of one machine reaches a gateway with a vault of its own', async () => {
    const key = await generateVaultKey()
    setVaultKey(key.reveal())
    const { valid, config } = await stage({ api_key_vault: 'p-key' })
    const homes = [0, 1].map(() => new CommandLine({ [VARIABLE]: key.reveal() }))
    try {
      const served = await Promise.all(
        homes.map(async (home) => {
          const file = join(home.home, 'switchback.yaml')
          // The configuration is JSON, which is YAML as well.
          writeFileSync(file, JSON.stringify({ ...config, vault: { path: join(home.home, 'vault.age') } }))
          await home.run(['vault', 'set', 'p-key', '--from', '-'], OLD)
          return home.serve()
        }),
      )
      const call = (url: string, path: string, body: Json): Promise<Response> =>
        fetch(`${url}${path}`, {
          method: 'POST',
          headers: { ...ADMIN.headers, 'content-type': 'application/json' },
          body: JSON.stringify(body),
        })
      const [one, two] = served.map(({ url }) => url) as [string, string]
      expect(await (await call(one, '/v1/accounts/p/main/rotate', { secret: NEW })).json()).toMatchObject({ kept_in: 'vault' })
      valid.delete(OLD)
      const works = async (url: string): Promise<boolean> =>
        (await call(url, '/v1/chat/completions', { model: 'any', messages: [{ role: 'user', content: 'Hi' }] })).status === 200
      expect(await works(one)).toBe(true)
      await eventually(() => works(two), 'the other calls with the new key', 10_000)
    } finally {
      for (const home of homes) await home.dispose()
    }
  }, 30_000)

  test('every worker has it, whichever was asked', async () => {
    const { valid, upstream, config } = await stage()
    const home = new CommandLine({ [VARIABLE]: (await generateVaultKey()).reveal() })
    try {
      writeFileSync(join(home.home, 'switchback.yaml'), JSON.stringify({ ...config, server: { workers: 2 } }))
      const { url } = await home.serve()
      const call = (path: string, body: Json): Promise<Response> =>
        fetch(`${url}${path}`, {
          method: 'POST',
          headers: { ...ADMIN.headers, 'content-type': 'application/json', connection: 'close' },
          body: JSON.stringify(body),
        })
      expect((await call('/v1/accounts/p/main/rotate', { secret: NEW })).status).toBe(200)
      valid.delete(OLD)
      const twenty = async (): Promise<boolean> => {
        const from = upstream.requests.length
        const chat = { model: 'any', messages: [{ role: 'user', content: 'Hi' }] }
        await Promise.all(Array.from({ length: 20 }, () => call('/v1/chat/completions', chat)))
        return upstream.requests.slice(from).every(({ headers }) => headers['authorization'] === `Bearer ${NEW}`)
      }
      await eventually(twenty, 'no worker calls with the old key', 15_000)
    } finally {
      await home.dispose()
    }
  }, 30_000)
})
