import { afterEach, describe, expect, test } from 'bun:test'
import { CHAT } from '../support/client-formats.ts'
import { accountsNamed, eventually, providerAt, TestWorld, type TestGateway } from '../support/gateway-fixture.ts'
import type { FakeUpstream, Reply } from '../support/fake-upstream.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { sendRaw } from '../support/raw-http.ts'
import { jsonReply, sseReply } from '../support/upstream-answers.ts'

const world = new TestWorld()
afterEach(() => world.closeAll())

async function open(
  reply: Reply,
  format = 'openai',
  server: Record<string, unknown> = {},
): Promise<{ upstream: FakeUpstream; gateway: TestGateway }> {
  const upstream = await world.upstream(reply)
  const gateway = await world.gateway({ server, providers: [providerAt('up', upstream, format, accountsNamed('one', 'two'))] })
  return { upstream, gateway }
}

describe('any address of a provider', () => {
  test.each([
    ['GET', '/passthrough/up/fine_tuning/jobs?limit=2', '/v1/fine_tuning/jobs?limit=2'],
    ['GET', '/passthrough/up/v1/models', '/v1/models'],
    ['DELETE', '/passthrough/up/models/ft:a%20b', '/v1/models/ft:a%20b'],
    ['POST', '/passthrough/up/chat/completions', '/v1/chat/completions'],
    ['PUT', '/passthrough/up/things/1', '/v1/things/1'],
    ['PATCH', '/passthrough/up/things/1/', '/v1/things/1/'],
  ])('%s %s is asked with the credential of an account', async (method, path, expected) => {
    const { upstream, gateway } = await open(jsonReply({ ok: true }, method === 'POST' ? 201 : 200))
    const body = method === 'GET' || method === 'DELETE' ? undefined : '{"x": 1}'
    const headers = { authorization: 'Bearer whatever', 'content-type': 'application/json', 'x-secret': 'mine', cookie: 'a=b' }
    const response = await fetch(gateway.url + path, { method, headers, ...(body === undefined ? {} : { body }) })
    expect(response.status).toBe(method === 'POST' ? 201 : 200)
    expect(await response.json()).toEqual({ ok: true })
    const [request] = upstream.requests
    expect(request).toMatchObject({ method, path: expected, text: body ?? '' })
    expect(request?.headers['authorization']).toBe('Bearer key-one')
    expect(Object.keys(request!.headers)).not.toContain('x-secret')
    expect(Object.keys(request!.headers)).not.toContain('cookie')
    expect(await gateway.recordOf(response)).toMatchObject({
      operation: 'passthrough',
      status: response.status,
      attempts: [{ provider_id: 'up', account_id: 'one', outcome: 'success', passthrough: true }],
      decision: { route: 'passthrough:up', inputs: { endpoint: { provider: 'up' } } },
    })
  })

  test('may be sent a body for longer than an answer may take to begin, as long as it goes on', async () => {
    const clock = new ManualClock()
    let arrived = Promise.withResolvers<void>()
    const server = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      idleTimeout: 0,
      async fetch(request) {
        let bytes = 0
        for await (const piece of request.body!) {
          bytes += piece.length
          arrived.resolve()
        }
        return Response.json({ bytes })
      },
    })
    world.keep({ close: () => server.stop(true) })
    const up = { id: 'up', type: 'openai_compatible', base_url: `http://127.0.0.1:${server.port}/v1`, api_key: 'key-one' }
    const timeouts = { connect_ms: 1_000, first_token_ms: 1_000, read_ms: 1_000 }
    const gateway = await world.gateway({ server: { timeouts }, providers: [up] }, { clock })
    let piece: (() => void) | undefined
    let pieces = 0
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        if (pieces++ === 5) return controller.close()
        if (pieces > 1) await new Promise<void>((next) => (piece = next))
        controller.enqueue(new Uint8Array(1_000))
      },
    })
    const answered = fetch(`${gateway.url}/passthrough/up/files`, { method: 'POST', body, duplex: 'half' } as RequestInit)
    for (let sent = 1; sent <= 5; sent++) {
      await arrived.promise
      arrived = Promise.withResolvers()
      await clock.advance(900)
      piece?.()
    }
    expect(await (await answered).json()).toEqual({ bytes: 5_000 })
  })

  test('tells what was used, and of which model, where the shape of the answer is known', async () => {
    const usage = { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 }
    const { gateway } = await open(
      jsonReply({ object: 'chat.completion', model: 'gpt-x', choices: [{ index: 0, message: {} }], usage }),
    )
    const response = await gateway.post('/passthrough/up/chat/completions', { model: 'gpt-x' })
    await response.text()
    const record = await gateway.recordOf(response)
    expect(record).toMatchObject({ usage: { inputTokens: 5, outputTokens: 2 }, served_model: 'gpt-x' })
    expect(record.attempts[0]).toMatchObject({ model: 'gpt-x', target_id: 'up/passthrough' })
  })

  test('streams events, and reads their usage on the way', async () => {
    const { promise: heard, resolve: hear } = Promise.withResolvers<void>()
    const last = `data: ${JSON.stringify({ choices: [], usage: { prompt_tokens: 5, completion_tokens: 2 } })}\n\n`
    const { gateway } = await open(sseReply(['data: {"choices":[{"delta":{"content":"a"}}]}\n\n', { until: heard }, last]))
    const response = await gateway.post('/passthrough/up/chat/completions', { stream: true })
    const reader = response.body!.getReader()
    expect(Buffer.from((await reader.read()).value!).toString()).toContain('"a"')
    hear()
    while (!(await reader.read()).done);
    expect(await gateway.recordOf(response)).toMatchObject({ usage: { inputTokens: 5, outputTokens: 2 } })
  })

  test('takes a long body as it comes, once', async () => {
    const { upstream, gateway } = await open(jsonReply({ ok: true }))
    const piece = new Uint8Array(300_000).fill(7)
    const body = new ReadableStream({
      async start(controller) {
        for (let count = 0; count < 5; count++) {
          controller.enqueue(piece)
          await new Promise((resolve) => setImmediate(resolve))
        }
        controller.close()
      },
    })
    const response = await fetch(`${gateway.url}/passthrough/up/blobs`, { method: 'POST', body, duplex: 'half' } as RequestInit)
    expect(response.status).toBe(200)
    expect(upstream.requests[0]?.body.length).toBe(1_500_000)
    expect(await gateway.recordOf(response)).toMatchObject({ request_bytes: 1_500_000 })
    // What has been sent cannot be sent to the other account.
    upstream.enqueue(jsonReply({ error: { message: 'slow down' } }, 429))
    const again = await fetch(`${gateway.url}/passthrough/up/blobs`, {
      method: 'POST',
      body: new Blob([new Uint8Array(2_000_000)]),
    })
    expect(again.status).toBe(429)
    expect(upstream.requests).toHaveLength(2)
  })

  test('sends a short body again to the next account', async () => {
    const { upstream, gateway } = await open(jsonReply({ ok: true }))
    upstream.enqueue(jsonReply({ error: { message: 'slow down' } }, 429))
    const response = await gateway.post('/passthrough/up/things', { a: 1 })
    expect(response.status).toBe(200)
    expect(upstream.requests.map(({ headers }) => headers['authorization'])).toEqual(['Bearer key-one', 'Bearer key-two'])
  })

  test('refuses a body that grows larger than allowed, and blames no upstream', async () => {
    const { gateway } = await open(jsonReply({ ok: true }), 'openai', { max_request_bytes: 100_000 })
    const body = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(60_000)),
    })
    const response = await fetch(`${gateway.url}/passthrough/up/blobs`, { method: 'POST', body, duplex: 'half' } as RequestInit)
    expect(response.status).toBe(413)
    expect(await gateway.recordOf(response)).toMatchObject({ attempts: [{ error_code: 'body_too_large', next: 'stop' }] })
  })

  test('answers HEAD without a body', async () => {
    const { upstream, gateway } = await open({
      raw: ['HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 5\r\n\r\n'],
    })
    const response = await fetch(`${gateway.url}/passthrough/up/things`, { method: 'HEAD' })
    expect(response.status).toBe(200)
    expect(upstream.requests[0]?.method).toBe('HEAD')
    await eventually(() => gateway.gateway.engine.active === 0, 'the call is over')
  })

  test('answers 204 with nothing', async () => {
    const { gateway } = await open({ raw: ['HTTP/1.1 204 No Content\r\n\r\n'] })
    const response = await fetch(`${gateway.url}/passthrough/up/things/1`, { method: 'DELETE' })
    expect(response.status).toBe(204)
    expect(await response.text()).toBe('')
    await eventually(() => gateway.gateway.engine.active === 0, 'the call is over')
  })

  test.each([
    [
      'anthropic',
      { type: 'error', error: { type: 'invalid_request_error', message: 'no' } },
      { type: 'error', error: { message: 'no' } },
    ],
    [
      'gemini',
      { error: { code: 400, status: 'INVALID_ARGUMENT', message: 'no' } },
      { error: { status: 'INVALID_ARGUMENT', message: 'no' } },
    ],
    ['openai', { error: { message: 'no', type: 'invalid_request_error' } }, { error: { message: 'no' } }],
  ])('tells errors of %s in its own words', async (format, told, expected) => {
    const { gateway } = await open(jsonReply(told, 400), format)
    const response = await gateway.post('/passthrough/up/things', {})
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject(expected)
  })
})

describe('a key that is not good for an address', () => {
  test.each([401, 403])('and is refused with %d serves model calls all the same', async (status) => {
    const { upstream, gateway } = await open(jsonReply({ error: { message: 'missing scopes' } }, status))
    for (const path of ['/passthrough/up/organization/users', '/v1/images/generations']) {
      const refused = await gateway.post(path, { model: 'up/m', prompt: 'x' })
      expect(refused.status).toBe(status)
      expect((await gateway.recordOf(refused)).attempts).toHaveLength(2)
    }
    upstream.otherwise(jsonReply(CHAT.whole()))
    const before = upstream.requests.length
    expect((await gateway.post(CHAT.path, CHAT.call('up/m'))).status).toBe(200)
    expect(upstream.requests[before]?.headers['authorization']).toBe('Bearer key-one')
  })
})

describe('an address that is none of the provider', () => {
  test.each([
    '/passthrough/up/../admin',
    '/passthrough/up/..%2fadmin',
    '/passthrough/up/%2e%2e/admin',
    '/passthrough/up/a/%252e%252e/b',
    '/passthrough/up//evil.example/x',
    '/passthrough/up/http://evil.example/',
    '/passthrough/up/%00',
    '/passthrough/up/a%3fb',
  ])('%s reaches nobody', async (path) => {
    const { upstream, gateway } = await open(jsonReply({ ok: true }))
    const { status } = await sendRaw(gateway.port, [`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`])
    expect([400, 404]).toContain(status)
    expect(upstream.requests).toHaveLength(0)
  })

  test.each([[['embeddings']], [[]]])('is closed where the provider offers %j', async (endpoints) => {
    const upstream = await world.upstream(jsonReply({}))
    const gateway = await world.gateway({ providers: [providerAt('up', upstream, 'openai', { endpoints })] })
    const response = await fetch(`${gateway.url}/passthrough/up/models`)
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error: { code: 'endpoint_unsupported' } })
    expect(upstream.requests).toHaveLength(0)
  })

  test('of a provider that there is not is a 404, with a record', async () => {
    const { gateway } = await open(jsonReply({}))
    const response = await fetch(`${gateway.url}/passthrough/other/models`)
    expect(response.status).toBe(404)
    expect(await gateway.recordOf(response)).toMatchObject({ operation: 'passthrough', error_code: 'subject_not_found' })
  })

  test('is not reached through a redirect', async () => {
    const elsewhere = await world.upstream(jsonReply({ stolen: true }))
    const { gateway } = await open({ status: 302, headers: { location: elsewhere.url }, body: [] })
    expect((await fetch(`${gateway.url}/passthrough/up/models`)).status).toBe(502)
    expect(elsewhere.requests).toHaveLength(0)
  })

  test('never gets a key of the gateway: neither from a header nor from the query', async () => {
    const upstream = await world.upstream(jsonReply({ ok: true }))
    const gateway = await world.gateway({
      api_keys: [{ key: 'key-of-the-caller', prefix: 'caller' }],
      providers: [providerAt('up', upstream, 'gemini', { auth_scheme: { kind: 'query', name: 'token' }, api_key: 'real' })],
    })
    const headers = { 'x-goog-api-key': 'key-of-the-caller' }
    const url = `${gateway.url}/passthrough/up/models?key=key-of-the-caller&token=mine&pageSize=3`
    expect((await fetch(url, { headers })).status).toBe(200)
    expect(upstream.requests[0]?.path).toBe('/v1/models?pageSize=3&token=real')
    expect(JSON.stringify(upstream.requests[0]?.headers)).not.toContain('key-of-the-caller')
    expect((await fetch(url)).status).toBe(401)
  })
})

describe('a caller that is confined', () => {
  test.each([
    [{ models: ['gpt-*'] }, 403],
    [{ routes: ['chat'] }, 403],
    [{ providers: ['other'] }, 403],
    [{ routes: ['passthrough:up'] }, 200],
    [{ providers: ['up'] }, 200],
  ])('to %j gets %d', async (allowed, status) => {
    const upstream = await world.upstream(jsonReply({ ok: true }))
    const gateway = await world.gateway({
      providers: [providerAt('up', upstream, 'openai'), providerAt('other', upstream, 'openai')],
      routes: [{ name: 'chat', match: { model: 'chat' }, targets: ['up/m'] }],
    })
    const created = await gateway.post('/v1/keys', { owner: 'alice', allowed })
    expect(created.status).toBe(200)
    const { secret: key } = (await created.json()) as { secret: string }
    const response = await fetch(`${gateway.url}/passthrough/up/models`, { headers: { authorization: `Bearer ${key}` } })
    expect(response.status).toBe(status)
  })
})
