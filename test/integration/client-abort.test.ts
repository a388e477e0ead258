import { afterEach, describe, expect, test } from 'bun:test'
import { CLIENT_FORMATS, type ClientFormat } from '../support/client-formats.ts'
import type { FakeUpstream, Step } from '../support/fake-upstream.ts'
import { eventually, providerAt, TestWorld, type TestGateway } from '../support/gateway-fixture.ts'
import { sseReply } from '../support/upstream-answers.ts'

const world = new TestWorld()
afterEach(() => world.closeAll())

const EACH = CLIENT_FORMATS.map((client): [string, ClientFormat] => [client.format, client])

async function setup(client: ClientFormat, steps: readonly Step[]): Promise<{ upstream: FakeUpstream; gateway: TestGateway }> {
  const upstream = await world.upstream(sseReply(steps))
  const gateway = await world.gateway({ providers: [providerAt('up', upstream, client.format)] })
  return { upstream, gateway }
}

/** The upstream saw the connection go within this time. */
const AT_ONCE_MS = 500

async function expectUpstreamAborted(upstream: FakeUpstream, since: number): Promise<void> {
  await eventually(() => upstream.requests[0]?.aborted === true, 'the upstream is aborted')
  expect(upstream.requests[0]!.abortedAt! - since).toBeLessThan(AT_ONCE_MS)
}

describe.each(EACH)('a %s client that goes away', (_name, client) => {
  test('before the headers of a stream: the upstream is aborted at once, nothing is retried, and the gateway lives on', async () => {
    const { upstream, gateway } = await setup(client, [{ stall: true }])
    const abort = new AbortController()
    const call = gateway
      .post(client.path, client.call('up/m', { stream: true }), { signal: abort.signal })
      .catch((error: Error) => error.name)
    await upstream.request(0)
    const since = Date.now()
    abort.abort()
    expect(await call).toBe('AbortError')
    await expectUpstreamAborted(upstream, since)
    await eventually(async () => (await gateway.records()).length === 1, 'a record is written')
    const [record] = await gateway.records()
    expect(record).toMatchObject({ status: 499, attempts: [{ outcome: 'cancelled' }] })
    expect(upstream.requests.length).toBe(1)
    expect(gateway.gateway.engine.active).toBe(0)
    expect((await fetch(`${gateway.url}/health`)).status).toBe(200)
  })

  test('while it waits for a whole answer: the upstream is aborted at once', async () => {
    const { upstream, gateway } = await setup(client, [{ stall: true }])
    const abort = new AbortController()
    const call = gateway.post(client.path, client.call('up/m'), { signal: abort.signal }).catch((error: Error) => error.name)
    await upstream.request(0)
    const since = Date.now()
    abort.abort()
    expect(await call).toBe('AbortError')
    await expectUpstreamAborted(upstream, since)
    await eventually(async () => (await gateway.records())[0]?.status === 499, 'a record with 499')
    expect(upstream.requests.length).toBe(1)
  })

  test('in the middle of a stream: the upstream is aborted at once and the partial usage is recorded', async () => {
    const frames = client.frames({ text: 'one two three', inputTokens: 31, outputTokens: 7 })
    const upTo = client.format === 'anthropic' ? 4 : client.format === 'responses' ? 5 : 3
    const { upstream, gateway } = await setup(client, [...frames.slice(0, upTo), { stall: true }])
    const abort = new AbortController()
    const response = await gateway.post(client.path, client.call('up/m', { stream: true }), { signal: abort.signal })
    const reader = response.body!.getReader()
    await reader.read()
    const since = Date.now()
    abort.abort()
    await expectUpstreamAborted(upstream, since)
    await eventually(async () => (await gateway.records()).length === 1, 'a record is written')
    const record = await gateway.recordOf(response)
    expect(record).toMatchObject({ status: 499, served: 'up/m', attempts: [{ outcome: 'cancelled' }] })
    // Only Messages tells usage before the end of its answer.
    if (client.format === 'anthropic') expect(record.usage).toMatchObject({ inputTokens: 31 })
  })
})

describe('a client that goes away between two attempts', () => {
  test('stops the retry before it is sent', async () => {
    const [client] = CLIENT_FORMATS as [ClientFormat]
    const upstream = await world.upstream({ status: 500, body: ['{"error":{"message":"broken"}}'] })
    const config = { providers: [providerAt('up', upstream, 'openai')], routes: [route(10)] }
    const gateway = await world.gateway(config)
    const abort = new AbortController()
    const call = gateway.post(client.path, client.call('retried'), { signal: abort.signal }).catch((error: Error) => error.name)
    await upstream.request(2)
    abort.abort()
    expect(await call).toBe('AbortError')
    await eventually(async () => (await gateway.records())[0]?.status === 499, 'a record with 499')
    const seen = upstream.requests.length
    // The longest pause between retries is two seconds; the fourth comes after at most 800 ms.
    await new Promise((resolve) => setTimeout(resolve, 900))
    expect(upstream.requests.length).toBe(seen)
    expect(gateway.gateway.engine.active).toBe(0)
  })
})

const route = (retries: number): Record<string, unknown> => ({
  name: 'retried',
  match: { model: 'retried' },
  targets: ['up/m'],
  retry: { max_retries: retries },
})
