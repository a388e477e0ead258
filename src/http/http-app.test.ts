import { describe, expect, test } from 'bun:test'
import { createFixture, fakeKey, request } from '../../test/support/http-app-fixture.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { LogFacts } from '../observability/log-line.ts'
import { silentLogger } from '../observability/logger.ts'

const call = { model: 'fast', messages: [] }
const FIRST_ID = `req_${'1'.padStart(32, '0')}`

async function errorOf(response: Response): Promise<Record<string, unknown>> {
  return (await response.json()) as Record<string, unknown>
}

describe('a call', () => {
  test.each([
    ['/v1/chat/completions', 'openai'],
    ['/v1/responses', 'responses'],
    ['/v1/messages', 'anthropic'],
    ['/v1/messages?beta=true', 'anthropic'],
    ['//v1/messages', 'anthropic'],
  ])('to %s reaches the engine in format %s', async (path, format) => {
    const { app, engine, clock } = createFixture()
    await clock.advance(5)
    const asked = request(path, { json: call, headers: { 'x-session-id': 'abc' } })
    const response = await app.fetch(asked)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(await response.json()).toEqual({ served: true })
    expect(engine.calls).toMatchObject([
      { requestId: FIRST_ID, receivedAt: 5, codec: { format }, request: { model: 'fast' }, principal: { role: 'admin' } },
    ])
    expect(engine.calls[0]?.headers.get('x-session-id')).toBe('abc')
    expect(engine.calls[0]?.signal).toBe(asked.signal)
    expect(app.active).toBe(0)
  })

  test('to count tokens counts', async () => {
    const { app, engine } = createFixture()
    const response = await app.fetch(request('/v1/messages/count_tokens?beta=true', { json: call }))
    expect(await response.json()).toEqual({ input_tokens: 7 })
    expect([engine.counted.length, engine.calls.length]).toEqual([1, 0])
  })

  test('gets the headers of the answer, and its id under the name its client knows', async () => {
    for (const [path, name] of [
      ['/v1/chat/completions', 'x-request-id'],
      ['/v1/responses', 'x-request-id'],
      ['/v1/messages', 'request-id'],
    ] as const) {
      const { app, engine } = createFixture()
      engine.answer = () => ({ kind: 'whole', status: 200, headers: [['x-switchback-revision', '3']], body: '{}' })
      const { headers } = await app.fetch(request(path, { json: call }))
      expect([headers.get('x-switchback-revision'), headers.get('x-switchback-request-id'), headers.get(name)]).toEqual([
        '3',
        FIRST_ID,
        FIRST_ID,
      ])
    }
  })

  test('gets its error in its own envelope, with Retry-After in whole seconds', async () => {
    const { app, engine } = createFixture()
    const error = new GatewayError('upstream_rate_limited', 'Slow down.', { retryAfterMs: 1_200 })
    engine.answer = () => ({ kind: 'error', error, headers: [['x-switchback-route', 'selected=a/b']] })
    const response = await app.fetch(request('/v1/messages', { json: call }))
    expect(response.status).toBe(429)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'retry-after': '2',
      'x-switchback-route': 'selected=a/b',
      'request-id': FIRST_ID,
    })
    expect(await errorOf(response)).toMatchObject({ format: 'anthropic', code: 'upstream_rate_limited', request_id: FIRST_ID })
    expect(app.active).toBe(0)
  })

  test('gets an answer even when the gateway has a fault, and the fault stays in the log', async () => {
    const faults: LogFacts[] = []
    const logger = { ...silentLogger, error: (facts: LogFacts) => void faults.push(facts) }
    const { app, engine } = createFixture({}, { logger })
    engine.answer = () => {
      throw new TypeError('CANARY')
    }
    const response = await app.fetch(request('/v1/chat/completions', { json: call }))
    expect(response.status).toBe(500)
    expect(JSON.stringify(await errorOf(response))).not.toContain('CANARY')
    expect(faults).toMatchObject([{ request_id: FIRST_ID }])
    expect(app.active).toBe(0)
  })
})

describe('what is not there', () => {
  test.each([
    ['GET', '/nothing', {}, 'openai'],
    ['POST', '/v1/messages/batches', {}, 'anthropic'],
    ['POST', '/v1/responses/compact', {}, 'responses'],
    ['GET', '/v1/skills', { 'anthropic-version': '2023-06-01' }, 'anthropic'],
  ] as const)('%s %s is a 404 in the envelope of its client', async (method, path, headers, format) => {
    const { app } = createFixture()
    const response = await app.fetch(request(path, { method, headers }))
    expect(response.status).toBe(404)
    expect(await errorOf(response)).toMatchObject({ format, code: 'route_not_found', request_id: FIRST_ID })
    expect(response.headers.get('x-switchback-request-id')).toBe(FIRST_ID)
  })

  test.each([
    ['/chat/completions', '/v1/chat/completions'],
    ['/v1/v1/messages', '/v1/messages'],
    ['/openai/v1/responses', '/v1/responses'],
    ['/models', '/v1/models'],
  ])('%s is told the right address', async (path, meant) => {
    const { app } = createFixture()
    const { message } = await errorOf(await app.fetch(request(path, { json: call })))
    expect(message).toContain(`did you mean ${meant}?`)
  })

  test.each([
    ['GET', '/v1/messages', 'POST'],
    ['DELETE', '/v1/models/fast', 'GET, HEAD'],
    ['PUT', '/health', 'GET, HEAD'],
    ['HEAD', '/v1/chat/completions', 'POST'],
  ])('%s %s is a 405 with the methods there are', async (method, path, allow) => {
    const { app } = createFixture()
    const response = await app.fetch(request(path, { method }))
    expect([response.status, response.headers.get('allow')]).toEqual([405, allow])
  })
})

describe('probes', () => {
  test('say that the process lives and takes calls', async () => {
    const { app } = createFixture({ apiKeys: [fakeKey('good')] })
    const health = await app.fetch(request('/health'))
    expect(await health.json()).toEqual({ ok: true })
    expect((await app.fetch(request('/ready'))).status).toBe(200)
    const head = await app.fetch(request('/', { method: 'HEAD' }))
    expect([head.status, await head.text()]).toEqual([200, ''])
  })

  test('say when it is shutting down, while new calls are refused and running ones end', async () => {
    const { app, engine, clock } = createFixture()
    let finish: (() => void) | undefined
    engine.answer = () =>
      new Promise((resolve) => (finish = () => resolve({ kind: 'whole', status: 200, headers: [], body: '{}' })))
    const running = Promise.resolve(app.fetch(request('/v1/messages', { json: call })))
    await clock.advance(0)
    app.drain()
    expect((await app.fetch(request('/ready'))).status).toBe(503)
    expect((await app.fetch(request('/health'))).status).toBe(200)
    const refused = await app.fetch(request('/v1/responses', { json: call }))
    expect([refused.status, refused.headers.get('connection'), refused.headers.get('retry-after')]).toEqual([503, 'close', '1'])
    expect(await errorOf(refused)).toMatchObject({ format: 'responses', code: 'shutting_down' })
    expect(app.active).toBe(1)
    finish?.()
    expect((await running).status).toBe(200)
    expect(app.active).toBe(0)
  })
})

describe('a base path', () => {
  const settings = { basePath: '/ai/gateway' }

  test('stands before every route', async () => {
    const { app } = createFixture(settings)
    for (const path of ['/health', '/ready', '/', '', '/v1/models', '/v1/models/mock/echo'])
      expect([path, (await app.fetch(request(`/ai/gateway${path}`))).status]).toEqual([path, 200])
    expect((await app.fetch(request('/ai/gateway/v1/messages', { json: call }))).status).toBe(200)
  })

  test('is not optional', async () => {
    const { app } = createFixture(settings)
    for (const path of ['/health', '/v1/messages', '/ai/gateway2/health', '/']) {
      const response = await app.fetch(request(path, { json: call }))
      expect([path, response.status]).toEqual([path, 404])
    }
    const { message } = await errorOf(await app.fetch(request('/v1/messages', { json: call })))
    expect(message).toContain('/ai/gateway/v1/messages')
  })
})

describe('a wrong key', () => {
  test('is answered in the format of its client, later and later, and never keeps a good one out', async () => {
    const { app, clock } = createFixture({ apiKeys: [fakeKey('good')] })
    const wrong = () =>
      Promise.resolve(
        app.fetch(request('/v1/messages', { json: call, headers: { 'x-api-key': 'bad' } }), { address: '192.0.2.1' }),
      )
    for (let count = 0; count < 5; count++) expect((await wrong()).status).toBe(401)
    const sixth = wrong()
    await clock.advance(50)
    expect(Bun.peek.status(sixth)).toBe('pending')
    const good = await app.fetch(request('/v1/messages', { json: call, headers: { 'x-api-key': 'good' } }), {
      address: '192.0.2.1',
    })
    expect(good.status).toBe(200)
    await clock.advance(60)
    const response = await sixth
    expect([response.status, response.headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="switchback"'])
    expect(await errorOf(response)).toMatchObject({ format: 'anthropic', code: 'invalid_api_key' })
  })

  test('costs no reading of the body', async () => {
    const { app, engine } = createFixture({ apiKeys: [fakeKey('good')] })
    const asked = request('/v1/messages', { json: call })
    await app.fetch(asked)
    expect([asked.bodyUsed, engine.refused.length]).toEqual([false, 0])
  })
})

describe('the log', () => {
  test('has one line a request, with facts and without anything the client wrote', async () => {
    const lines: LogFacts[] = []
    const logger = { ...silentLogger, isEnabled: () => true, info: (facts: LogFacts) => void lines.push(facts) }
    const key = fakeKey('CANARY-key', 'client', 'acme')
    const { app } = createFixture({ apiKeys: [key] }, { logger })
    const headers = { authorization: 'Bearer CANARY-key', 'user-agent': 'CANARY' }
    await app.fetch(request('/v1/messages?CANARY=1', { json: { ...call, note: 'CANARY' }, headers }), { address: '192.0.2.1' })
    await app.fetch(request('/CANARY', { headers }))
    await app.fetch(request('/v1/models/CANARY', { headers }))
    expect(lines).toMatchObject([
      {
        request_id: FIRST_ID,
        method: 'POST',
        route: '/v1/messages',
        status: 200,
        duration_ms: 0,
        request_bytes: 46,
        response_bytes: 15,
        api_key_id: key.id,
        tenant: 'acme',
        client_address: '192.0.2.1',
      },
      { route: 'none', status: 404, error_code: 'route_not_found' },
      { route: '/v1/models/:id{.+}', status: 404, error_code: 'model_not_found' },
    ])
    expect(JSON.stringify(lines)).not.toContain('CANARY')
  })
})

describe('a long wait', () => {
  test('switches the idle limit of the connection off until the answer is there', async () => {
    const { app, engine, clock } = createFixture()
    const switched: boolean[] = []
    let finish: (() => void) | undefined
    engine.answer = () =>
      new Promise((resolve) => (finish = () => resolve({ kind: 'whole', status: 200, headers: [], body: '{}' })))
    const running = Promise.resolve(
      app.fetch(request('/v1/messages', { json: call }), { setIdleLimit: (enabled) => void switched.push(enabled) }),
    )
    await clock.advance(59_000)
    expect(switched).toEqual([])
    await clock.advance(2_000)
    expect(switched).toEqual([false])
    finish?.()
    await running
    expect(switched).toEqual([false, true])
  })

  test('that is short leaves the connection alone', async () => {
    const { app, clock } = createFixture()
    const switched: boolean[] = []
    await app.fetch(request('/v1/messages', { json: call }), { setIdleLimit: (enabled) => void switched.push(enabled) })
    await clock.advance(100_000)
    expect(switched).toEqual([])
    expect(clock.pending).toBe(0)
  })
})
