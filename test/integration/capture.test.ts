import { afterEach, describe, expect, test } from 'bun:test'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Decrypter, generateIdentity, identityToRecipient } from 'age-encryption'
import { CHAT, CLIENT_FORMATS, formatAt, serving } from '../support/client-formats.ts'
import { providerAt, TestWorld, type TestGateway } from '../support/gateway-fixture.ts'
import { sseReply } from '../support/upstream-answers.ts'

const identity = await generateIdentity()
const recipient = await identityToRecipient(identity)
const world = new TestWorld()
afterEach(() => world.closeAll())

const KEYS = [
  { key: 'watched-key', prefix: 'watched', role: 'client' },
  { key: 'other-key', prefix: 'other', role: 'client' },
  { key: 'operator-key', prefix: 'op', role: 'operator' },
  { key: 'admin-key', prefix: 'admin', role: 'admin' },
]
const as = (key: string): RequestInit => ({ headers: { authorization: `Bearer ${key}` } })
const CANARY = 'zq7canary'
const chat = (extra: object = {}): object => ({ model: 'up/m', messages: [{ role: 'user', content: CANARY }], ...extra })

interface Captured {
  readonly gateway: TestGateway
  readonly dataDir: string
  readonly id: string
}

async function capturing(url: string): Promise<Captured> {
  const dataDir = world.folder()
  const providers = CLIENT_FORMATS.map(({ format }) => providerAt(format, { url }, format))
  const gateway = await world.gateway(
    { api_keys: KEYS, providers: [...providers, providerAt('up', { url }, 'openai')] },
    { dataDir },
  )
  const started = await gateway.post('/v1/captures', { key: 'watched', for: '15m', recipient }, as('admin-key'))
  const { capture } = (await started.json()) as { capture: { id: string; folder: string } }
  expect(capture.folder).toBe(join(dataDir, 'captures', capture.id))
  return { gateway, dataDir, id: capture.id }
}

async function opened(path: string): Promise<string> {
  const decrypter = new Decrypter()
  decrypter.addIdentity(identity)
  return decrypter.decrypt(readFileSync(path), 'text')
}

/** Every file of the folder that holds a text in the clear. */
const filesWith = (folder: string, text: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => readFileSync(path, 'latin1').includes(text))

const PROMPTS = {
  openai: { messages: [{ role: 'user', content: CANARY }] },
  anthropic: { messages: [{ role: 'user', content: CANARY }] },
  responses: { input: CANARY },
  gemini: { contents: [{ role: 'user', parts: [{ text: CANARY }] }] },
} as const

describe('captured calls', () => {
  test('are copied exactly, for the secret key alone, in every format, streamed or not', async () => {
    const upstream = await world.upstream((request) => {
      return serving(formatAt(request.path), { text: `${CANARY}-answer` })(request)
    })
    const { gateway, dataDir, id } = await capturing(upstream.url)
    const calls: { readonly file: string; readonly text: string }[] = []
    for (const client of CLIENT_FORMATS) {
      for (const stream of [false, true]) {
        const sent = JSON.stringify({ ...client.call(`${client.format}/m`, { stream }), ...PROMPTS[client.format] })
        const response = await gateway.post(client.path, sent, as('watched-key'))
        const answer = await response.text()
        expect([response.status, response.headers.get('x-switchback-capture')]).toEqual([200, id])
        expect(answer).toContain(CANARY)
        const name = join(dataDir, 'captures', id, response.headers.get('x-switchback-request-id') ?? '')
        calls.push(
          { file: `${name}.request.json.age`, text: sent },
          { file: `${name}.answer.${stream ? 'sse' : 'json'}.age`, text: answer },
        )
      }
    }
    await gateway.close()
    for (const { file, text } of calls) expect(await opened(file)).toBe(text)
    expect(filesWith(dataDir, CANARY)).toEqual([])
  })

  test('hold what the client was told of a failure', async () => {
    const upstream = await world.upstream({ status: 400, body: [`{"error":{"message":"${CANARY}-refusal","type":"x"}}`] })
    const { gateway, dataDir, id } = await capturing(upstream.url)
    const response = await gateway.post('/v1/chat/completions', chat(), as('watched-key'))
    const told = await response.text()
    await gateway.close()
    const request = response.headers.get('x-switchback-request-id') ?? ''
    expect([response.status, told.includes(`${CANARY}-refusal`)]).toEqual([400, true])
    expect(JSON.parse(await opened(join(dataDir, 'captures', id, `${request}.answer.json.age`)))).toEqual(JSON.parse(told))
  })

  test('are streams that nobody holds back', async () => {
    const frames = CHAT.frames({ text: `${CANARY}-answer` })
    let goOn = (): void => undefined
    const upstream = await world.upstream(
      sseReply([...frames.slice(0, 3), { until: new Promise<void>((resolve) => (goOn = resolve)) }, ...frames.slice(3)]),
    )
    const { gateway, dataDir, id } = await capturing(upstream.url)
    const response = await gateway.post('/v1/chat/completions', chat({ stream: true }), as('watched-key'))
    const reader = response.body!.getReader()
    const first = await reader.read()
    expect(Buffer.from(first.value ?? []).toString()).toContain(CANARY.slice(0, 3))
    goOn()
    let text = Buffer.from(first.value ?? []).toString()
    for (let next = await reader.read(); !next.done; next = await reader.read()) text += Buffer.from(next.value).toString()
    await gateway.close()
    const request = response.headers.get('x-switchback-request-id') ?? ''
    expect(await opened(join(dataDir, 'captures', id, `${request}.answer.sse.age`))).toBe(text)
  })

  test('end with a client that leaves', async () => {
    const upstream = await world.upstream(sseReply([...CHAT.frames({ text: CANARY }).slice(0, 3), { stall: true }]))
    const { gateway, dataDir, id } = await capturing(upstream.url)
    const leaving = new AbortController()
    const init = { ...as('watched-key'), signal: leaving.signal }
    const response = await gateway.post('/v1/chat/completions', chat({ stream: true }), init)
    await response.body!.getReader().read()
    leaving.abort()
    await gateway.close()
    const request = response.headers.get('x-switchback-request-id') ?? ''
    expect(await opened(join(dataDir, 'captures', id, `${request}.answer.sse.age`))).toContain('data: ')
  })

  test('are those of one key, and are seen by everybody concerned', async () => {
    const upstream = await world.upstream(serving(CHAT, { text: CANARY }))
    const { gateway, dataDir, id } = await capturing(upstream.url)
    const other = await gateway.post('/v1/chat/completions', chat(), as('other-key'))
    await other.text()
    expect(other.headers.get('x-switchback-capture')).toBeNull()
    expect(await (await fetch(`${gateway.url}/`)).text()).toContain('Bodies are being captured')
    const list = (await (await fetch(`${gateway.url}/v1/captures`, as('admin-key'))).json()) as { captures: object[] }
    expect(list.captures).toMatchObject([{ id, key: 'watched', by: 'admin', calls: 0 }])
    const stopped = await gateway.post(`/v1/captures/${id}/stop`, { delete: true }, as('admin-key'))
    expect(await stopped.json()).toMatchObject({ was_running: true, deleted: true })
    const after = await gateway.post('/v1/chat/completions', chat(), as('watched-key'))
    await after.text()
    expect(after.headers.get('x-switchback-capture')).toBeNull()
    expect(await (await fetch(`${gateway.url}/`)).text()).not.toContain('captured')
    expect(readdirSync(join(dataDir, 'captures'))).toEqual([])
  })

  test('are of a key there is, and a secret that is taken for its id stands nowhere', async () => {
    const { gateway } = await capturing('http://127.0.0.1:9')
    const order = (key: string): Promise<Response> =>
      gateway.post('/v1/captures', { key, for: '15m', recipient }, as('admin-key'))
    for (const key of ['nobody', 'other-key']) {
      const refused = await order(key)
      expect(refused.status).toBe(404)
      expect(await refused.text()).not.toContain(key)
    }
    const issued = await gateway.post('/v1/keys', { owner: 'alice' }, as('admin-key'))
    const { secret } = (await issued.json()) as { secret: string }
    expect(await (await order(secret)).json()).toMatchObject({ capture: { key: secret.slice(0, 16) } })
    const audit = await (await fetch(`${gateway.url}/v1/audit?action=capture.`, as('admin-key'))).text()
    expect(audit).toContain(secret.slice(0, 16))
    for (const word of [secret, 'other-key', 'nobody']) expect(audit).not.toContain(word)
  })

  test('are for admins to order, and for nobody while it is switched off', async () => {
    const dataDir = world.folder()
    const config = { api_keys: KEYS, providers: [{ id: 'mock', type: 'mock' }], capture: { enabled: false } }
    const gateway = await world.gateway(config, { dataDir })
    const order = { key: 'watched', for: '15m', recipient }
    const statusOf = async (key: string): Promise<number> => (await gateway.post('/v1/captures', order, as(key))).status
    expect([await statusOf('watched-key'), await statusOf('operator-key'), await statusOf('admin-key')]).toEqual([403, 403, 403])
    expect(existsSync(join(dataDir, 'captures'))).toBe(false)
  })
})

test('bodies are kept when their capture is stopped, unless somebody says otherwise', async () => {
  const upstream = await world.upstream(serving(CHAT, { text: CANARY }))
  const { gateway, dataDir, id } = await capturing(upstream.url)
  await (await gateway.post('/v1/chat/completions', chat(), as('watched-key'))).text()
  const odd = await gateway.post(`/v1/captures/${id}/stop`, { delete: 'yes' }, as('admin-key'))
  expect(odd.status).toBe(400)
  const stopped = await gateway.post(`/v1/captures/${id}/stop`, {}, as('admin-key'))
  expect(await stopped.json()).toMatchObject({ was_running: true, deleted: false })
  expect(existsSync(join(dataDir, 'captures', id, 'capture.json'))).toBe(true)
})

test('who captured whose calls, and when that ended, stands in the audit', async () => {
  const { gateway, id } = await capturing('http://127.0.0.1:9')
  await gateway.post(`/v1/captures/${id}/stop`, { delete: true }, as('admin-key'))
  const response = await fetch(`${gateway.url}/v1/audit?action=capture.`, as('admin-key'))
  const { entries } = (await response.json()) as {
    entries: { action: string; outcome: string; actor: object; subject: object }[]
  }
  expect(entries.map(({ action, outcome, actor, subject }) => ({ action, outcome, actor, subject }))).toMatchObject([
    { action: 'capture.delete', outcome: 'done', actor: { kind: 'gateway' }, subject: { id } },
    { action: 'capture.stop', outcome: 'done', actor: { kind: 'key', id: 'admin' }, subject: { id } },
    { action: 'capture.start', outcome: 'done', actor: { kind: 'key', id: 'admin' }, subject: { id: 'watched' } },
  ])
})
