import { afterEach, describe, expect, test } from 'bun:test'
import {
  beginning,
  CHAT,
  CLIENT_FORMATS,
  GEMINI,
  MESSAGES,
  refusing,
  RESPONSES,
  type ClientFormat,
} from '../support/client-formats.ts'
import type { Reply } from '../support/fake-upstream.ts'
import { providerAt, TestWorld, type TestGateway } from '../support/gateway-fixture.ts'
import { sseReply } from '../support/upstream-answers.ts'

const world = new TestWorld()
afterEach(() => world.closeAll())

/** What no record may hold. */
const WORDS = 'words-of-the-upstream'

interface Row {
  readonly status: number
  readonly code: string
  /** Type shown to Messages clients; the format has a fixed set. */
  readonly anthropicType: string
  /** Name shown to Gemini clients; the format has a fixed set too. */
  readonly geminiType: string
  readonly retryAfter?: string
}

const ROWS: readonly Row[] = [
  { status: 400, code: 'upstream_invalid_request', anthropicType: 'invalid_request_error', geminiType: 'INVALID_ARGUMENT' },
  { status: 401, code: 'upstream_authentication', anthropicType: 'authentication_error', geminiType: 'UNAUTHENTICATED' },
  { status: 402, code: 'upstream_payment_required', anthropicType: 'billing_error', geminiType: 'RESOURCE_EXHAUSTED' },
  { status: 403, code: 'upstream_permission', anthropicType: 'permission_error', geminiType: 'PERMISSION_DENIED' },
  { status: 404, code: 'upstream_model_not_found', anthropicType: 'not_found_error', geminiType: 'NOT_FOUND' },
  { status: 408, code: 'upstream_timeout', anthropicType: 'invalid_request_error', geminiType: 'DEADLINE_EXCEEDED' },
  { status: 409, code: 'upstream_conflict', anthropicType: 'invalid_request_error', geminiType: 'ABORTED' },
  { status: 413, code: 'upstream_body_too_large', anthropicType: 'request_too_large', geminiType: 'FAILED_PRECONDITION' },
  { status: 422, code: 'upstream_invalid_request', anthropicType: 'invalid_request_error', geminiType: 'FAILED_PRECONDITION' },
  {
    status: 429,
    code: 'upstream_rate_limited',
    anthropicType: 'rate_limit_error',
    geminiType: 'RESOURCE_EXHAUSTED',
    retryAfter: '7',
  },
  { status: 500, code: 'upstream_server_error', anthropicType: 'api_error', geminiType: 'INTERNAL' },
  { status: 502, code: 'upstream_server_error', anthropicType: 'api_error', geminiType: 'INTERNAL' },
  { status: 503, code: 'upstream_overloaded', anthropicType: 'overloaded_error', geminiType: 'UNAVAILABLE', retryAfter: '3' },
  { status: 504, code: 'upstream_timeout', anthropicType: 'timeout_error', geminiType: 'DEADLINE_EXCEEDED' },
  { status: 529, code: 'upstream_overloaded', anthropicType: 'overloaded_error', geminiType: 'UNAVAILABLE' },
]

/** A gateway before one upstream of each format; the targets are `<format>/m`. */
async function gatewayBefore(reply: (format: ClientFormat) => Reply): Promise<TestGateway> {
  const providers = []
  for (const format of CLIENT_FORMATS)
    providers.push(providerAt(format.format, await world.upstream(reply(format)), format.format))
  return world.gateway({
    // Every case fails on purpose, many times in a row.
    server: { circuit_breaker: { enabled: false } },
    providers,
    routes: CLIENT_FORMATS.map(({ format }) => ({
      name: format,
      match: { model: format },
      targets: [`${format}/m`],
      retry: { max_retries: 0 },
    })),
  })
}

/** Upstream formats × client formats × streamed or not. */
const PAIRS = CLIENT_FORMATS.flatMap((upstream) =>
  CLIENT_FORMATS.flatMap((client) =>
    [false, true].map((stream): [string, ClientFormat, ClientFormat, boolean] => [
      `${upstream.format} to ${client.format}${stream ? ', streaming' : ''}`,
      upstream,
      client,
      stream,
    ]),
  ),
)

describe.each(ROWS)('an upstream that answers $status', ({ status, code, anthropicType, geminiType, retryAfter }) => {
  const operators = status === 401 || status === 402 || status === 403

  test.each(PAIRS)(
    '%s: status, envelope, request id and waiting time arrive; the record holds the code only',
    async (_name, upstream, client, stream) => {
      const headers: Record<string, string> = retryAfter === undefined ? {} : { 'retry-after': retryAfter }
      const gateway = await gatewayBefore((format) => refusing(format, status, { type: 'some_type', message: WORDS, headers }))
      const response = await gateway.post(client.path, client.call(upstream.format, { stream }))
      expect(response.status).toBe(status)
      expect(response.headers.get('content-type')).toBe('application/json')
      expect(response.headers.get('retry-after')).toBe(retryAfter ?? null)
      const id = response.headers.get('x-switchback-request-id')
      const error = client.errorOf(await response.json())
      expect(error.requestId).toBe(id)
      expect(response.headers.get(client.idHeader)).toBe(id)
      expect(error.type).toBe(client === MESSAGES ? anthropicType : client === GEMINI ? geminiType : 'some_type')
      // About the gateway's own credential the operator is spoken to; everything else is the upstream's own sentence.
      if (operators) expect(error.message).toMatch(/^Provider \w+ refused the credential of this gateway/)
      else expect(error.message).toBe(WORDS)
      const record = await gateway.recordOf(response)
      expect(record).toMatchObject({
        status,
        error_code: code,
        attempts: [{ upstream_status: status, error_code: code, upstream_error_type: 'some_type' }],
      })
      expect(JSON.stringify(record)).not.toContain(WORDS)
    },
  )
})

describe('words of an upstream', () => {
  test('its own code reaches clients of formats that have one', async () => {
    const gateway = await gatewayBefore((format) =>
      refusing(format, 400, { type: 'invalid_request_error', message: 'not a number', code: 'invalid_type' }),
    )
    for (const client of [CHAT, RESPONSES]) {
      const body = await (await gateway.post(client.path, client.call('openai'))).json()
      expect(client.errorOf(body)).toMatchObject({
        code: 'invalid_type',
        type: 'invalid_request_error',
        message: 'not a number',
      })
    }
  })

  test.each(
    CLIENT_FORMATS.flatMap((upstream) => CLIENT_FORMATS.map((client) => [upstream.format, client.format, client] as const)),
  )(
    'a prompt too long for a %s upstream is told to %s clients as their own vendor tells it',
    async (upstream, _format, client) => {
      const gateway = await gatewayBefore((format) =>
        refusing(format, 413, { type: 'some_type', message: 'prompt is too long: 210000 tokens > 200000 maximum, words of it' }),
      )
      const response = await gateway.post(client.path, client.call(upstream))
      const error = client.errorOf(await response.json())
      expect(response.status).toBe(400)
      expect(error.type).toBe(client === GEMINI ? 'INVALID_ARGUMENT' : 'invalid_request_error')
      if (client === MESSAGES) expect(error.message).toBe('prompt is too long: 210000 tokens > 200000 maximum')
      else if (client === GEMINI)
        expect(error.message).toBe('The input token count (210000) exceeds the maximum number of tokens allowed (200000).')
      else expect(error.code).toBe('context_length_exceeded')
      expect(error.message).toContain('210000')
      expect(error.message).not.toContain('words of it')
    },
  )

  test.each([
    ['an HTML page', { headers: { 'content-type': 'text/html' }, body: ['<html><h1>502 Bad Gateway</h1></html>'] }],
    ['nothing', { body: [] }],
    ['half a JSON text', { body: ['{"error":{"mess'] }],
    ['a connection that breaks', { body: ['{"error":', { reset: true } as const] }],
    ['a body of five megabytes', { body: Array.from({ length: 80 }, () => Buffer.alloc(65_536, 0x61)) }],
    ['an error of another shape', { body: ['[1,2,3]'] }],
    ['null', { body: ['null'] }],
    ['a text', { body: ['"oops"'] }],
  ])('an error body that is %s keeps the status, and the answer is still a proper envelope', async (_name, reply) => {
    const gateway = await gatewayBefore(() => ({ status: 502, ...reply }))
    for (const client of CLIENT_FORMATS) {
      const response = await gateway.post(client.path, client.call(client.format))
      expect(response.status).toBe(502)
      const error = client.errorOf(await response.json())
      expect(error.message.length).toBeGreaterThan(0)
      expect(error.message.length).toBeLessThan(500)
      expect(error.requestId).toBe(response.headers.get('x-switchback-request-id'))
      expect(await gateway.recordOf(response)).toMatchObject({
        error_code: 'upstream_server_error',
        attempts: [{ upstream_status: 502 }],
      })
    }
  })

  test('the gateway’s own key, repeated by an upstream, is cut out of what the client sees', async () => {
    const upstream = await world.upstream(refusing(CHAT, 400, { message: 'bad thing with secret-key-7319 in it' }))
    const gateway = await world.gateway({
      providers: [providerAt('one', upstream, 'openai', { auth_scheme: { kind: 'bearer' }, api_key: 'secret-key-7319' })],
    })
    const text = await (await gateway.post(CHAT.path, CHAT.call('one/m'))).text()
    expect(text).toContain('[redacted]')
    expect(text).not.toContain('secret-key-7319')
  })
})

describe('answers that are none', () => {
  test.each([
    ['a redirect', { status: 302, headers: { location: 'http://127.0.0.1:1/else' }, body: [] }],
    ['a page with status 200', { headers: { 'content-type': 'text/html' }, body: ['<html>welcome</html>'] }],
    ['an empty body', { body: [] }],
    ['an empty body with status 204', { status: 204, raw: ['HTTP/1.1 204 No Content\r\n\r\n'] }],
    ['JSON that breaks off', { body: ['{"id":"x","choices":[{"mess'] }],
    ['JSON of another kind', { body: ['{"hello":"world"}'] }],
    ['a JSON list', { body: ['[]'] }],
    ['something that is not HTTP', { raw: ['SSH-2.0-OpenSSH_9.2\r\n', { close: true } as const] }],
  ] satisfies [string, Reply][])('%s becomes 502 for every client, whole or streaming', async (_name, reply) => {
    const gateway = await gatewayBefore(() => reply)
    for (const upstream of CLIENT_FORMATS) {
      for (const client of CLIENT_FORMATS) {
        for (const stream of [false, true]) {
          const response = await gateway.post(client.path, client.call(upstream.format, { stream }))
          const seen = `${upstream.format} to ${client.format}, stream ${stream}: ${response.status}`
          expect(seen).toBe(`${upstream.format} to ${client.format}, stream ${stream}: 502`)
          expect(client.errorOf(await response.json()).message.length).toBeGreaterThan(0)
        }
      }
    }
  })

  test('an upstream that refuses connections becomes 502 with what to check', async () => {
    const gateway = await world.gateway({ providers: [providerAt('gone', { url: 'http://127.0.0.1:1' }, 'openai')] })
    const response = await gateway.post(CHAT.path, CHAT.call('gone/m'))
    expect(response.status).toBe(502)
    const error = CHAT.errorOf(await response.json())
    expect(error).toMatchObject({ code: 'upstream_connect_failed', type: 'upstream_error' })
    expect(error.message).toContain('Provider gone refused the connection')
  })

  test('a redirect is not followed: the credential stays with the configured host', async () => {
    const thief = await world.upstream({ body: ['{}'] })
    const upstream = await world.upstream({ status: 307, headers: { location: `${thief.url}/steal` }, body: [] })
    const gateway = await world.gateway({
      providers: [providerAt('one', upstream, 'openai', { auth_scheme: { kind: 'bearer' }, api_key: 'k-12345' })],
    })
    expect((await gateway.post(CHAT.path, CHAT.call('one/m'))).status).toBe(502)
    expect(thief.connections.accepted).toBe(0)
  })
})

describe('an error in the middle of a stream', () => {
  test.each(PAIRS.filter(([, , , stream]) => stream))(
    '%s: is told in the client’s own words and ends the stream',
    async (_name, upstream, client) => {
      const begun = beginning(upstream, { text: 'one two' })
      const gateway = await gatewayBefore((format) =>
        sseReply([...begun, format.errorFrame('overloaded_error', 'Overloaded in the middle')]),
      )
      const response = await gateway.post(client.path, client.call(upstream.format, { stream: true }))
      expect(response.status).toBe(200)
      const stream = await response.text()
      expect(client.streamText(stream)).toStartWith('one')
      expect(client.inBandError(stream)?.message).toBe('Overloaded in the middle')
      expect(client.hasEnd(stream)).toBe(false)
      expect(await gateway.recordOf(response)).toMatchObject({
        status: 200,
        error_code: 'upstream_overloaded',
        attempts: [{ outcome: 'failed', next: 'stop' }],
      })
    },
  )

  test.each(PAIRS.filter(([, , , stream]) => stream))(
    '%s: a stream that stops without its end is an error, never a short answer',
    async (_name, upstream, client) => {
      const begun = beginning(upstream, { text: 'one two' })
      const gateway = await gatewayBefore(() => sseReply(begun))
      const response = await gateway.post(client.path, client.call(upstream.format, { stream: true }))
      const stream = await response.text()
      expect(client.streamText(stream)).toStartWith('one')
      expect(client.inBandError(stream)?.message.length).toBeGreaterThan(0)
      expect(client.hasEnd(stream)).toBe(false)
      expect(await gateway.recordOf(response)).toMatchObject({ status: 200, error_code: 'upstream_stream_interrupted' })
    },
  )

  test.each(PAIRS.filter(([, , , stream]) => stream))(
    '%s: a connection that breaks is an error, and no other target is tried',
    async (_name, upstream, client) => {
      const begun = beginning(upstream, { text: 'one two' })
      const broken = await world.upstream(sseReply([...begun, { delayMs: 20 }, { reset: true }]))
      const spare = await world.upstream({})
      const gateway = await world.gateway({
        providers: [providerAt('broken', broken, upstream.format), providerAt('spare', spare, 'openai')],
        routes: [{ name: 'r', match: { model: 'r' }, targets: ['broken/m', 'spare/m'] }],
      })
      const stream = await (await gateway.post(client.path, client.call('r', { stream: true }))).text()
      expect(client.streamText(stream)).toStartWith('one')
      expect(client.inBandError(stream)?.message.length).toBeGreaterThan(0)
      expect([broken.requests.length, spare.requests.length]).toEqual([1, 0])
    },
  )
})
