import { afterEach, describe, expect, test } from 'bun:test'
import { accountsNamed, providerAt, TestWorld, type TestGateway } from '../support/gateway-fixture.ts'
import type { FakeUpstream } from '../support/fake-upstream.ts'
import { jsonReply } from '../support/upstream-answers.ts'

const world = new TestWorld()
afterEach(() => world.closeAll())

const KEYS = [
  { key: 'key-of-alice', prefix: 'alice' },
  { key: 'key-of-bob', prefix: 'bob' },
]
const upload = (): FormData => {
  const form = new FormData()
  form.append('purpose', 'batch')
  form.append('file', new File(['{"custom_id": "1"}'], 'in.jsonl'))
  return form
}

interface CallInit extends RequestInit {
  readonly headers?: Record<string, string>
}

interface World {
  readonly upstream: FakeUpstream
  readonly gateway: TestGateway
  readonly as: (caller: 'alice' | 'bob', path: string, init?: CallInit) => Promise<Response>
}

async function open(...accounts: string[]): Promise<World> {
  const upstream = await world.upstream()
  const gateway = await world.gateway({
    api_keys: KEYS,
    providers: [providerAt('up', upstream, 'openai', accountsNamed(...accounts))],
  })
  const as: World['as'] = (caller, path, init = {}) =>
    fetch(gateway.url + path, { ...init, headers: { authorization: `Bearer key-of-${caller}`, ...init.headers } })
  return { upstream, gateway, as }
}

const json = (body: unknown): CallInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
})
const keysOf = ({ requests }: FakeUpstream): unknown[] => requests.map(({ headers }) => headers['authorization'])

describe('a file', () => {
  test('stays with the account that took it, also when others come first again', async () => {
    const { upstream, gateway, as } = await open('one', 'two')
    upstream.enqueue(
      jsonReply({ error: { message: 'slow down' } }, 429, { 'retry-after-ms': '1' }),
      jsonReply({ id: 'file-1', object: 'file' }),
      jsonReply({ id: 'file-1', object: 'file', bytes: 3 }),
      { headers: { 'content-type': 'application/octet-stream' }, body: ['line 1\n', 'line 2\n'] },
      jsonReply({ id: 'file-1', deleted: true }),
    )
    const made = await as('alice', '/v1/files', { method: 'POST', body: upload() })
    expect(await made.json()).toEqual({ id: 'file-1', object: 'file' })
    expect(upstream.requests[1]?.text).toContain('name="purpose"')
    expect(await (await as('alice', '/v1/files/file-1')).json()).toMatchObject({ bytes: 3 })
    expect(await (await as('alice', '/v1/files/file-1/content')).text()).toBe('line 1\nline 2\n')
    expect((await as('alice', '/v1/files/file-1', { method: 'DELETE' })).status).toBe(200)
    expect(keysOf(upstream)).toEqual(['one', 'two', 'two', 'two', 'two'].map((name) => `Bearer key-${name}`))
    expect(upstream.requests.map(({ method, path }) => `${method} ${path}`).slice(1)).toEqual([
      'POST /v1/files',
      'GET /v1/files/file-1',
      'GET /v1/files/file-1/content',
      'DELETE /v1/files/file-1',
    ])
    expect(await gateway.recordOf(made)).toMatchObject({
      operation: 'files',
      decision: { route: 'files:up' },
      served: 'up/files',
    })
  })

  test.each(['/v1/files/file-1', '/v1/files/file-1/content', '/v1/files/file-9', '/v1/files/..%2fmodels'])(
    'of somebody else, or of nobody, does not exist: %s',
    async (path) => {
      const { upstream, gateway, as } = await open('one')
      upstream.enqueue(jsonReply({ id: 'file-1' }))
      await as('alice', '/v1/files', { method: 'POST', body: upload() })
      const response = await as('bob', path)
      expect(response.status).toBe(404)
      expect(await response.json()).toMatchObject({ error: { code: 'object_not_found' } })
      expect(upstream.requests).toHaveLength(1)
      expect(await gateway.recordOf(response)).toMatchObject({ operation: 'files', status: 404 })
    },
  )

  test('that the upstream refuses is nobody’s', async () => {
    const { upstream, as } = await open('one')
    upstream.enqueue(jsonReply({ error: { message: 'no', code: 'x' }, id: 'file-1' }, 400))
    expect((await as('alice', '/v1/files', { method: 'POST', body: upload() })).status).toBe(400)
    expect((await as('alice', '/v1/files/file-1')).status).toBe(404)
  })
})

describe('a batch', () => {
  const made = { id: 'batch_1', object: 'batch', input_file_id: 'file-1' }

  test('goes where its file is, and brings its results to whoever made it', async () => {
    const { upstream, as } = await open('one', 'two')
    upstream.enqueue(
      jsonReply({ error: { message: 'slow down' } }, 429, { 'retry-after-ms': '1' }),
      jsonReply({ id: 'file-1' }),
      jsonReply(made),
      jsonReply({ ...made, status: 'completed', output_file_id: 'file-2', error_file_id: null }),
      jsonReply({ id: 'file-2' }),
      jsonReply({ ...made, status: 'cancelling' }),
    )
    await as('alice', '/v1/files', { method: 'POST', body: upload() })
    const body = { input_file_id: 'file-1', endpoint: '/v1/chat/completions', completion_window: '24h' }
    expect(await (await as('alice', '/v1/batches', json(body))).json()).toEqual(made)
    expect(upstream.requests[2]?.json).toEqual(body)
    expect((await as('bob', '/v1/batches/batch_1')).status).toBe(404)
    expect(await (await as('alice', '/v1/batches/batch_1')).json()).toMatchObject({ output_file_id: 'file-2' })
    expect((await as('alice', '/v1/files/file-2')).status).toBe(200)
    expect((await as('bob', '/v1/files/file-2')).status).toBe(404)
    expect((await as('alice', '/v1/batches/batch_1/cancel', { method: 'POST' })).status).toBe(200)
    expect(upstream.requests.at(-1)).toMatchObject({ method: 'POST', path: '/v1/batches/batch_1/cancel' })
    expect(new Set(keysOf(upstream).slice(1))).toEqual(new Set(['Bearer key-two']))
  })

  test('is not made of the file of somebody else, nor of none', async () => {
    const { upstream, as } = await open('one')
    upstream.enqueue(jsonReply({ id: 'file-1' }))
    await as('alice', '/v1/files', { method: 'POST', body: upload() })
    expect((await as('bob', '/v1/batches', json({ input_file_id: 'file-1' }))).status).toBe(404)
    expect((await as('alice', '/v1/batches', json({ input_file_id: 7 }))).status).toBe(400)
    expect(upstream.requests).toHaveLength(1)
  })
})

describe('a list', () => {
  test.each(['files', 'batches'])('of %s holds what the caller has made', async (kind) => {
    const { upstream, as } = await open('one')
    upstream.enqueue(
      jsonReply({ id: 'file-1' }),
      jsonReply({ object: 'list', data: [{ id: 'file-0' }, { id: 'file-1' }, 7, { id: 3 }], has_more: false, last_id: 'file-9' }),
    )
    await as('alice', '/v1/files', { method: 'POST', body: upload() })
    const response = await as('alice', `/v1/${kind}?limit=5`)
    expect(await response.json()).toEqual({
      object: 'list',
      data: [{ id: 'file-1' }],
      has_more: false,
      first_id: 'file-1',
      last_id: 'file-1',
    })
    expect(upstream.requests[1]?.path).toBe(`/v1/${kind}?limit=5`)
  })

  test('that would be only a part is refused', async () => {
    const { as } = await open('one', 'two')
    const response = await as('alice', '/v1/files')
    expect(response.status).toBe(400)
    expect(((await response.json()) as { error: { message: string } }).error.message).toContain('several accounts')
  })
})

test('a client of Anthropic is told where its files are', async () => {
  const { as } = await open('one')
  const response = await as('alice', '/v1/files', { headers: { 'anthropic-version': '2023-06-01' } })
  expect(response.status).toBe(400)
  expect(((await response.json()) as { error: { message: string } }).error.message).toContain('/passthrough/')
})

describe('with several providers', () => {
  test('the one that is to keep a file is named in a header, and anything else is refused with their names', async () => {
    const one = await world.upstream(jsonReply({ id: 'file-1' }))
    const two = await world.upstream(jsonReply({ id: 'file-2' }))
    const gateway = await world.gateway({
      providers: [providerAt('one', one, 'openai'), providerAt('two', two, 'openai'), providerAt('claude', two, 'anthropic')],
    })
    const send = (headers: Record<string, string>) =>
      fetch(`${gateway.url}/v1/files`, { method: 'POST', headers, body: upload() })
    expect((await send({ 'x-switchback-provider': 'two' })).status).toBe(200)
    expect(two.requests).toHaveLength(1)
    for (const headers of [{}, { 'x-switchback-provider': 'claude' }, { 'x-switchback-provider': 'nobody' }]) {
      const refused = await send(headers)
      expect(refused.status).toBe(400)
      expect(((await refused.json()) as { error: { message: string } }).error.message).toContain('one, two')
    }
    expect((await fetch(`${gateway.url}/v1/files/file-2`)).status).toBe(200)
    expect(two.requests).toHaveLength(2)
  })
})
