import { afterEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FakeUpstream, Reply } from '../support/fake-upstream.ts'
import { compiledConfig, TestWorld, type TestGateway } from '../support/gateway-fixture.ts'
import { chatAnswer, chatStream, jsonReply, sseReply } from '../support/upstream-answers.ts'

type Json = Record<string, any>

const world = new TestWorld()
const folder = mkdtempSync(join(tmpdir(), 'rotate-'))
afterEach(() => world.closeAll())
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))

const OLD = 'zq7-old-key'
const NEW = 'zq7-new-key'
const ADMIN = { headers: { authorization: 'Bearer admin-key-0123456789' } }
const OPERATOR = { headers: { authorization: 'Bearer operator-key-0123456789' } }

interface Stage {
  readonly upstream: FakeUpstream
  readonly gateway: TestGateway
  /** Keys the upstream takes. */
  readonly valid: Set<string>
  /** Lets streams that have begun go on. */
  readonly finish: () => void
}

async function stage(account: Json, extra: Json = {}): Promise<Stage> {
  const valid = new Set([OLD])
  const gate = Promise.withResolvers<void>()
  const frames = chatStream()
  const upstream = await world.upstream(({ headers, json }): Reply => {
    const key = headers['authorization']?.replace('Bearer ', '') ?? ''
    if (!valid.has(key))
      return jsonReply({ error: { message: `Incorrect API key provided: ${key}`, code: 'invalid_api_key' } }, 401)
    if ((json as Json)['stream'] !== true) return jsonReply(chatAnswer())
    return sseReply([...frames.slice(0, 2), { until: gate.promise }, ...frames.slice(2)])
  })
  const gateway = await world.gateway({
    api_keys: [
      { key: 'admin-key-0123456789', role: 'admin' },
      { key: 'operator-key-0123456789', role: 'operator' },
    ],
    providers: [
      { id: 'p', type: 'openai_compatible', base_url: `${upstream.url}/v1`, accounts: [{ id: 'main', ...account }], ...extra },
    ],
    routes: [{ name: 'all', match: { model: '*' }, targets: ['p/m'], retry: { max_retries: 0 } }],
  })
  return { upstream, gateway, valid, finish: () => gate.resolve() }
}

const ask = (gateway: TestGateway, extra: Json = {}): Promise<Response> =>
  gateway.post('/v1/chat/completions', { model: 'any', messages: [{ role: 'user', content: 'Hi' }], ...extra }, ADMIN)

const rotate = (gateway: TestGateway, body: Json, as: RequestInit = ADMIN, name = 'p/main'): Promise<Response> =>
  gateway.post(`/v1/accounts/${name}/rotate`, body, as)

const keysSent = ({ requests }: FakeUpstream, from: number): (string | undefined)[] =>
  requests.slice(from).map(({ headers }) => headers['authorization']?.replace('Bearer ', ''))

const auditOf = async (gateway: TestGateway): Promise<Json[]> => {
  const response = await fetch(`${gateway.url}/v1/audit?action=account.rotate`, ADMIN)
  return ((await response.json()) as Json)['entries']
}

describe('the key of an account', () => {
  test.each(['memory', 'file'])(
    'is replaced while a hundred streams run with the old one, and none of them fails (%s)',
    async (kind) => {
      const path = join(folder, `key-${kind}`)
      writeFileSync(path, `${OLD}\n`)
      const { upstream, gateway, valid, finish } = await stage(kind === 'file' ? { key_file: path } : { api_key: OLD })
      const running = await Promise.all(Array.from({ length: 100 }, () => ask(gateway, { stream: true })))
      valid.add(NEW)
      const rotated = await rotate(gateway, { secret: NEW })
      expect(await rotated.json()).toMatchObject({ rotated: 'p/main', checked: true, kept_in: kind })
      // The vendor takes the old key back.
      valid.delete(OLD)
      const before = upstream.requests.length
      expect((await ask(gateway)).status).toBe(200)
      expect(keysSent(upstream, before)).toEqual([NEW])
      finish()
      for (const response of running) expect(await response.text()).toContain('data: [DONE]')
      if (kind === 'file') {
        expect(readFileSync(path, 'utf8')).toBe(`${NEW}\n`)
        expect(statSync(path).mode & 0o777).toBe(0o600)
      }
    },
  )

  test('is tried first: one that is refused changes nothing, and is shown nowhere', async () => {
    const { upstream, gateway } = await stage({ api_key: OLD })
    const response = await rotate(gateway, { secret: NEW })
    const text = await response.text()
    expect(response.status).toBe(401)
    expect(text).toContain('was tried with p/m and not taken over')
    expect(text).not.toContain(NEW)
    expect((await ask(gateway)).status).toBe(200)
    expect(keysSent(upstream, 0)).toEqual([NEW, OLD])
    const entries = await auditOf(gateway)
    expect(entries.map(({ outcome }) => outcome)).toEqual(['failed', 'done'])
    expect(JSON.stringify(entries)).not.toContain('zq7')
  })

  test.each(['memory', 'file'])('is not tried when that is not wanted; a locked account serves again (%s)', async (kind) => {
    const path = join(folder, 'locked')
    writeFileSync(path, OLD)
    const { gateway, valid } = await stage(kind === 'file' ? { key_file: path } : { api_key: OLD })
    valid.clear()
    expect((await ask(gateway)).status).toBe(401)
    valid.add(NEW)
    const answer = (await (await rotate(gateway, { secret: NEW, check: false })).json()) as Json
    expect(answer).toMatchObject({ checked: false, kept_in: kind })
    if (kind === 'memory') expect(answer['notice']).toContain('the configuration')
    else expect(answer['released']).toBe(1)
    expect((await ask(gateway)).status).toBe(200)
    const health = await fetch(`${gateway.url}/v1/health/targets`, ADMIN)
    expect(await health.text()).not.toContain('upstream_authentication')
  })

  test('stays when the configuration is read again, until the configuration has another one', async () => {
    const { upstream, gateway, valid } = await stage({ api_key: OLD })
    valid.add(NEW).add('third')
    await rotate(gateway, { secret: NEW })
    const withKey = (key: string) => ({
      api_keys: [{ key: 'admin-key-0123456789', role: 'admin' }],
      providers: [
        {
          id: 'p',
          type: 'openai_compatible',
          base_url: `${upstream.url}/v1`,
          accounts: [{ id: 'main', api_key: key }],
          tags: ['coding'],
        },
      ],
      routes: [{ name: 'all', match: { model: '*' }, targets: ['p/m'], retry: { max_retries: 0 } }],
    })
    for (const [configured, sent] of [
      [OLD, NEW],
      ['third', 'third'],
    ] as const) {
      await gateway.gateway.reload(compiledConfig(withKey(configured)))
      const before = upstream.requests.length
      await ask(gateway)
      expect(keysSent(upstream, before)).toEqual([sent])
    }
  })

  test('is replaced by admins only, and only where there is one', async () => {
    const { gateway } = await stage({ api_key: OLD })
    expect((await rotate(gateway, { secret: NEW }, OPERATOR)).status).toBe(403)
    expect((await rotate(gateway, { secret: NEW }, ADMIN, 'p/other')).status).toBe(404)
    expect((await rotate(gateway, { secret: NEW }, ADMIN, 'main')).status).toBe(400)
    const login = await stage({ auth: { kind: 'oauth', token: 'x' } })
    const refused = await rotate(login.gateway, { secret: NEW })
    expect(refused.status).toBe(400)
    expect(await refused.text()).toContain('it logs in (oauth)')
  })

  test.each([
    [{}],
    [{ secret: '' }],
    [{ secret: 'two words' }],
    [{ secret: 5 }],
    [{ secret: 'zq7', chek: true }],
    [[]],
    [{ secret: `zq7\r\nx: y` }],
  ])('is refused where it is none: %j', async (body) => {
    const { gateway, upstream } = await stage({ api_key: OLD })
    const response = await rotate(gateway, body)
    expect(response.status).toBe(400)
    expect(await response.text()).not.toContain('zq7')
    expect(upstream.requests).toHaveLength(0)
  })

  test('is not taken over when its file cannot be replaced', async () => {
    const { gateway, valid } = await stage({ key_file: '/proc/1/nowhere/key' })
    valid.add(NEW)
    const response = await rotate(gateway, { secret: NEW })
    expect(response.status).toBe(503)
    expect(await response.text()).toContain('Nothing was changed')
  })
})
