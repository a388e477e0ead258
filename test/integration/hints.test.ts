import { afterEach, describe, expect, test } from 'bun:test'
import { compileOverrides } from '../../src/catalog/prices/override-prices.ts'
import type { RouteDecision } from '../../src/ir/decision.ts'
import type { RequestRecord } from '../../src/ir/record.ts'
import { CHAT, CLIENT_FORMATS, MESSAGES, refusing, serving, type ClientFormat } from '../support/client-formats.ts'
import type { FakeUpstream, Reply, ReplyFor } from '../support/fake-upstream.ts'
import { providerAt, TestWorld, type TestGateway } from '../support/gateway-fixture.ts'
import { sseReply } from '../support/upstream-answers.ts'

const world = new TestWorld()
afterEach(() => world.closeAll())

type Headers = Record<string, string>

/** Each way in which a client calls: its format, and whether it is streamed to. */
const PATHS = CLIENT_FORMATS.flatMap((client) =>
  [false, true].map((stream) => [`${client.format}, ${stream ? 'streamed' : 'whole'}`, client, stream] as const),
)

interface Pair {
  readonly first: FakeUpstream
  readonly second: FakeUpstream
  readonly gateway: TestGateway
}

/** Two targets of one route; the first behaves as told, the second serves. Upstreams speak the client's format, or Chat Completions. */
async function pair(client: ClientFormat, first: Reply | ReplyFor, upstreams: ClientFormat = client): Promise<Pair> {
  const one = await world.upstream(first)
  const two = await world.upstream(serving(upstreams))
  const gateway = await world.gateway({
    server: { retry: { max_retries: 0 } },
    providers: [providerAt('one', one, upstreams.format), providerAt('two', two, upstreams.format)],
    routes: [{ name: 'r', match: { model: 'r' }, targets: ['one/m', 'two/m'] }],
  })
  return { first: one, second: two, gateway }
}

type Asking = readonly [client: ClientFormat, stream: boolean, model?: string]

interface Asked {
  readonly status: number
  readonly text: string
  readonly record: RequestRecord
}

async function ask(gateway: TestGateway, [client, stream, model = 'r']: Asking, headers: Headers): Promise<Asked> {
  const response = await gateway.post(client.path, client.call(model, stream ? { stream } : {}), { headers })
  const text = await response.text()
  return { status: response.status, text, record: await gateway.recordOf(response) }
}

describe.each(PATHS)('a client that calls in the format %s', (_name, client, stream) => {
  /** Failures before anything of an answer was seen, all of which go to the next target otherwise. */
  const failures: readonly (readonly [string, Reply])[] = [
    ['is overloaded', refusing(client, 503)],
    ['is limited', refusing(client, 429)],
    ['hangs up', { before: [{ reset: true }] }],
    ...(stream
      ? ([
          [
            'tells its overload in a stream',
            sseReply([client.errorFrame('overloaded_error', 'no room', 'server_is_overloaded')]),
          ],
          ['breaks off before its first token', { ...sseReply([]), body: [{ reset: true }] }],
        ] as const)
      : []),
  ]

  test.each(failures)('and wants no fallback gets none when the first target %s', async (_how, reply) => {
    const { second, gateway } = await pair(client, reply)
    const refused = await ask(gateway, [client, stream], { 'x-switchback-no-fallback': 'true' })
    expect(refused.record).toMatchObject({
      decision: { no_fallback: true, fallbacks: [], inputs: { hints: { no_fallback: true } } },
    })
    expect(refused.record.served).toBeUndefined()
    expect(second.requests).toHaveLength(0)
  })

  test.each(failures)('and does not mind is served by the second when the first %s', async (_how, reply) => {
    const { second, gateway } = await pair(client, reply)
    const served = await ask(gateway, [client, stream], {})
    expect(served).toMatchObject({ status: 200, record: { served: 'two/m' } })
    expect(second.requests).toHaveLength(1)
  })

  test('is told in its own envelope when its deadline has passed', async () => {
    const { second, gateway } = await pair(client, { before: [{ stall: true }] })
    const late = await ask(gateway, [client, stream], { 'x-switchback-deadline-ms': '150' })
    expect(late.status).toBe(504)
    expect(client.errorOf(JSON.parse(late.text))).toMatchObject({ message: expect.stringContaining('longer') })
    expect(late.record).toMatchObject({ error_code: 'deadline_exceeded', decision: { deadline_ms: 150 } })
    expect(second.requests).toHaveLength(0)
  })

  test('and lists models is served by the first of them that can', async () => {
    const { first, gateway } = await pair(client, serving(client))
    const served = await ask(gateway, [client, stream, 'nobody-knows'], { 'x-switchback-models': 'nor-this, two/m, one/m' })
    expect(served).toMatchObject({ status: 200, record: { served: 'two/m' } })
    expect(first.requests).toHaveLength(0)
  })

  test('and will pay no more than a price is not served for more', async () => {
    const { first, second, gateway } = await pair(client, serving(client))
    gateway.gateway.prices.replaceOverrides(
      compileOverrides({ 'one/m': { input: 9, output: 9 }, 'two/m': { input: 1, output: 1 } }),
    )
    const served = await ask(gateway, [client, stream], { 'x-switchback-max-price': '5' })
    expect(served).toMatchObject({
      status: 200,
      record: { served: 'two/m', decision: { rejected: [{ target_id: 'one/m', code: 'price_too_high' }] } },
    })
    expect([first.requests.length, second.requests.length]).toEqual([0, 1])
  })

  test('through a translation keeps what it asked for', async () => {
    const upstreams = client.format === 'openai' ? MESSAGES : CHAT
    const { second, gateway } = await pair(client, refusing(upstreams, 503), upstreams)
    const refused = await ask(gateway, [client, stream], { 'x-switchback-no-fallback': 'true' })
    expect(refused.record.attempts).toMatchObject([{ passthrough: false, outcome: 'failed' }])
    expect(second.requests).toHaveLength(0)
  })
})

test('hints hold for the count of tokens and for a preview', async () => {
  const { gateway } = await pair(MESSAGES, serving(MESSAGES))
  const headers = { 'x-switchback-models': 'two/m' }
  const counted = await gateway.post('/v1/messages/count_tokens', MESSAGES.call('nobody-knows'), { headers })
  expect((await gateway.recordOf(counted)).decision).toMatchObject({ selected: { target_id: 'two/m' } })
  const previewed = await gateway.post('/v1/route-preview?format=anthropic', MESSAGES.call('nobody-knows'), { headers })
  const { decision } = (await previewed.json()) as { decision: RouteDecision }
  expect(decision).toMatchObject({ selected: { target_id: 'two/m' }, inputs: { hints: { models: ['two/m'] } } })
})
