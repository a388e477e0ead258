import { afterEach, describe, expect, test } from 'bun:test'
import { CHAT, CLIENT_FORMATS, MESSAGES, serving, type ClientFormat } from '../support/client-formats.ts'
import type { FakeUpstream } from '../support/fake-upstream.ts'
import { eventually, providerAt, TestWorld, type TestGateway } from '../support/gateway-fixture.ts'
import { jsonReply, sseReply } from '../support/upstream-answers.ts'

const world = new TestWorld()
afterEach(() => world.closeAll())

const EACH = CLIENT_FORMATS.map((client): [string, ClientFormat] => [client.format, client])

interface Setup {
  readonly upstream: FakeUpstream
  readonly gateway: TestGateway
  readonly post: (client?: ClientFormat, options?: PostOptions) => Promise<Response>
}

interface PostOptions {
  readonly key?: string
  readonly idempotencyKey?: string
  readonly extra?: Record<string, unknown>
  readonly signal?: AbortSignal
}

async function setup(idempotency: Record<string, unknown> = {}): Promise<Setup> {
  const upstream = await world.upstream(serving(CHAT))
  const gateway = await world.gateway({
    providers: [providerAt('up', upstream, 'openai')],
    server: { idempotency },
    api_keys: [
      { key: 'key-of-a', prefix: 'a', tenant: 'ta' },
      { key: 'key-of-b', prefix: 'b', tenant: 'tb' },
    ],
  })
  return {
    upstream,
    gateway,
    post: (client = CHAT, { key = 'key-of-a', idempotencyKey = 'once', extra = {}, signal } = {}) =>
      gateway.post(
        client.path,
        { ...client.call('up/m'), ...extra },
        { headers: { authorization: `Bearer ${key}`, 'idempotency-key': idempotencyKey }, ...(signal && { signal }) },
      ),
  }
}

/** An upstream answer that waits for the test. */
function held(): { readonly go: () => void; readonly wait: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { go: resolve, wait: promise }
}

describe('a call with an idempotency key', () => {
  test.each(EACH)(
    'is refused with 409 for clients of %s while the same one is under way, and not sent',
    async (_format, client) => {
      const { upstream, post, gateway } = await setup()
      const { go, wait } = held()
      upstream.enqueue({ ...serving(CHAT)({ text: '{}' }), before: [{ until: wait }] })
      const first = post(client)
      await upstream.request(0)
      const second = await post(client)
      expect(second.status).toBe(409)
      expect(second.headers.get('x-should-retry')).toBe('false')
      expect(client.errorOf(await second.json()).code).toBe('idempotency_in_flight')
      expect(await gateway.recordOf(second)).toMatchObject({ status: 409, error_code: 'idempotency_in_flight', attempts: [] })
      go()
      expect((await first).status).toBe(200)
      expect((await post(client)).status).toBe(200)
      expect(upstream.requests.length).toBe(2)
    },
  )

  test('is refused with 422 when the key was used for another body', async () => {
    const { upstream, post } = await setup()
    expect((await post()).status).toBe(200)
    const other = await post(CHAT, { extra: { temperature: 1 } })
    expect(other.status).toBe(422)
    expect(CHAT.errorOf(await other.json()).code).toBe('idempotency_mismatch')
    expect(upstream.requests.length).toBe(1)
  })

  test('holds its key until a stream has been read to its end', async () => {
    const { upstream, post } = await setup()
    const { go, wait } = held()
    const [first = '', second = '', ...rest] = CHAT.frames()
    upstream.enqueue(sseReply([first, second, { until: wait }, ...rest]))
    const extra = { stream: true }
    const running = await post(CHAT, { extra })
    expect(running.status).toBe(200)
    expect((await post(CHAT, { extra })).status).toBe(409)
    go()
    await running.text()
    expect((await post(CHAT, { extra })).status).toBe(200)
  })

  test('frees its key when its client goes away', async () => {
    const { upstream, post } = await setup()
    upstream.enqueue({ before: [{ stall: true }] })
    const gone = new AbortController()
    const first = post(CHAT, { signal: gone.signal })
    await upstream.request(0)
    gone.abort()
    await first.catch(() => undefined)
    await eventually(async () => (await post()).status === 200, 'the key is free')
  })

  test('shares its key with nobody: other tenants, addresses and keys are other calls', async () => {
    const { upstream, post } = await setup()
    const { go, wait } = held()
    upstream.enqueue({ ...serving(CHAT)({ text: '{}' }), before: [{ until: wait }] })
    const first = post()
    await upstream.request(0)
    const others = [post(CHAT, { key: 'key-of-b' }), post(MESSAGES), post(CHAT, { idempotencyKey: 'another' })]
    expect((await Promise.all(others)).map(({ status }) => status)).toEqual([200, 200, 200])
    go()
    await first
  })

  test('without the header, two are two', async () => {
    const { upstream, post } = await setup()
    await Promise.all([post(CHAT, { idempotencyKey: '' }), post(CHAT, { idempotencyKey: '' })])
    expect(upstream.requests.length).toBe(2)
  })
})

describe('a call with an idempotency key whose answer is kept', () => {
  const keeping = (): Promise<Setup> => setup({ persist_response_bodies: true })

  test.each(EACH)('gets the same answer again for clients of %s, and nobody is called', async (_format, client) => {
    const { upstream, post, gateway } = await keeping()
    const first = await post(client)
    const body = await first.text()
    const second = await post(client)
    expect([second.status, await second.text()]).toEqual([200, body])
    expect(second.headers.get('idempotent-replayed')).toBe('true')
    expect(first.headers.get('idempotent-replayed')).toBeNull()
    expect(second.headers.get('x-switchback-request-id')).not.toBe(first.headers.get('x-switchback-request-id'))
    expect(upstream.requests.length).toBe(1)
    const record = await gateway.recordOf(second)
    expect(record).toMatchObject({ status: 200, attempts: [], decision: { strategy: 'replayed', selected: null } })
    expect(JSON.stringify(record)).not.toContain('hello')
    expect((await post(client, { extra: { temperature: 1 } })).status).toBe(422)
  })

  test('and failed, or was a stream, is made again', async () => {
    const { upstream, post } = await keeping()
    upstream.enqueue(jsonReply({ error: { message: 'no' } }, 400))
    expect((await post()).status).toBe(400)
    expect((await post()).headers.get('idempotent-replayed')).toBeNull()
    const extra = { stream: true }
    for (let turn = 0; turn < 2; turn++) {
      const stream = await post(CHAT, { extra, idempotencyKey: 'stream' })
      expect(await stream.text()).toContain('[DONE]')
      expect(stream.headers.get('idempotent-replayed')).toBeNull()
    }
    expect(upstream.requests.length).toBe(4)
  })

  test('keeps it to itself: another tenant with the same key and body gets its own', async () => {
    const { upstream, post } = await keeping()
    await post()
    expect((await post(CHAT, { key: 'key-of-b' })).headers.get('idempotent-replayed')).toBeNull()
    expect(upstream.requests.length).toBe(2)
  })
})
