import { describe, expect, test } from 'bun:test'
import { createFixture, fakeKey, FakeStream, request } from '../../test/support/http-app-fixture.ts'
import type { RoutingSnapshot } from '../ir/snapshot.ts'

const CALL = '/v1beta/models/openai/gpt-5:generateContent'
const STREAM = '/v1beta/models/fast:streamGenerateContent'
const json = { contents: [{ parts: [{ text: 'hi' }] }] }

describe("Google's addresses", () => {
  test('carry calls whose model stands in the path', async () => {
    const { app, engine } = createFixture()
    const response = await app.fetch(request(CALL, { json }))
    expect(response.status).toBe(200)
    expect(engine.calls[0]).toMatchObject({ model: 'openai/gpt-5', stream: false })
    expect(engine.calls[0]?.codec.format).toBe('gemini')
  })

  test('stream events for ?alt=sse and one JSON list otherwise', async () => {
    for (const [query, type, text] of [
      ['?alt=sse', 'text/event-stream; charset=utf-8', 'data: {"a":1}\n\ndata: {"b":2}\n\n'],
      ['', 'application/json', '[{"a":1},\r\n{"b":2}]'],
    ] as const) {
      const { app, engine } = createFixture()
      const stream = new FakeStream()
      engine.answer = () => ({ kind: 'stream', status: 200, headers: [], stream })
      const response = await app.fetch(request(`${STREAM}${query}`, { json }))
      stream.send('data: {"a":1}\n\n')
      stream.send('data: {"b":2}\n\n')
      stream.end()
      expect(response.headers.get('content-type')).toBe(type)
      expect(await response.text()).toBe(text)
      expect(engine.calls[0]).toMatchObject({ model: 'fast', stream: true })
    }
  })

  test('tell errors in the envelope of the format, in a list where a list was asked for', async () => {
    const { app } = createFixture()
    const whole = await app.fetch(request(CALL, { method: 'POST', body: 'no json' }))
    expect(await whole.json()).toMatchObject({ format: 'gemini', code: 'invalid_json' })
    expect(whole.headers.get('x-request-id')).toMatch(/^req_/)
    const list = await app.fetch(request(STREAM, { method: 'POST', body: 'no json' }))
    expect(await list.json()).toMatchObject([{ format: 'gemini', code: 'invalid_json' }])
    const events = await app.fetch(request(`${STREAM}?alt=sse`, { method: 'POST', body: 'no json' }))
    expect(await events.json()).toMatchObject({ format: 'gemini', code: 'invalid_json' })
  })

  test('take a key where the SDK, curl and other clients put it', async () => {
    const { app, engine } = createFixture({ apiKeys: [fakeKey('good', 'client')] })
    const status = async (path: string, headers: Record<string, string> = {}): Promise<number> =>
      (await app.fetch(request(path, { json, headers }))).status
    expect(await status(CALL)).toBe(401)
    expect(await status(CALL, { 'x-goog-api-key': 'good' })).toBe(200)
    expect(await status(CALL, { authorization: 'Bearer good' })).toBe(200)
    expect(await status(`${CALL}?key=good`)).toBe(200)
    expect(await status(`${CALL}?key=bad`)).toBe(401)
    // Other clients know no such place, and an address is logged on the way more easily than a header.
    expect(await status('/v1/chat/completions?key=good')).toBe(401)
    expect(engine.calls.length).toBe(3)
  })

  test.each([
    ['/v1beta/models/fast:predict', 'countTokens, embedContent and batchEmbedContents'],
    ['/v1beta/v1beta/models/fast:generateContent', 'without a version'],
    ['/models/fast:generateContent', '/v1beta/models/'],
  ])('that are none say which there are: %s', async (path, words) => {
    const { app } = createFixture()
    const response = await app.fetch(request(path, { json }))
    const body = (await response.json()) as { code: string; message: string }
    expect([response.status, body.code]).toEqual([404, 'route_not_found'])
    expect(body.message).toContain(words)
  })

  test.each(['GET', 'PUT', 'DELETE'])('are sent, not asked for with %s', async (method) => {
    const { app } = createFixture()
    for (const path of [CALL, STREAM, '/v1/models/fast:countTokens']) {
      const response = await app.fetch(request(path, { method }))
      expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST'])
      expect(await response.json()).toMatchObject({ format: 'gemini', code: 'method_not_allowed' })
    }
  })

  test('count tokens', async () => {
    const { app, engine } = createFixture()
    const response = await app.fetch(request('/v1beta/models/fast:countTokens', { json }))
    expect(response.status).toBe(200)
    expect(engine.counted[0]).toMatchObject({ model: 'fast' })
  })

  test('may be called from listed pages, under any version', async () => {
    const { app } = createFixture({ corsOrigins: ['https://app.test'] })
    for (const version of ['v1beta', 'v1alpha', 'v1']) {
      const headers = { origin: 'https://app.test', 'access-control-request-method': 'POST' }
      const response = await app.fetch(request(`/${version}/models/fast:generateContent`, { method: 'OPTIONS', headers }))
      expect(response.headers.get('access-control-allow-methods')).toContain('POST')
    }
  })
})

describe("lists of models for Google's clients", () => {
  const ids = ['a/one', 'fast', 'z/last']
  async function get(
    path: string,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; body: Record<string, unknown> }> {
    const snapshot = { revision: 1, configHash: '', routes: new Map(), modelIds: ids } as unknown as RoutingSnapshot
    const { app } = createFixture(
      {},
      {
        snapshot: () => snapshot,
        modelCard: (id) =>
          id === 'fast' ? { displayName: 'Fast one', contextWindow: 9, maxOutputTokens: 5, reasoning: true } : {},
      },
    )
    const response = await app.fetch(request(path, { headers }))
    return { status: response.status, body: (await response.json()) as Record<string, unknown> }
  }
  const FAST = {
    name: 'models/fast',
    version: 'latest',
    displayName: 'Fast one',
    description: 'Served by Switchback',
    inputTokenLimit: 9,
    outputTokenLimit: 5,
    supportedGenerationMethods: ['generateContent', 'countTokens'],
    thinking: true,
  }

  test('come in pages', async () => {
    const first = await get('/v1beta/models?pageSize=2')
    expect(first.body['models']).toMatchObject([{ name: 'models/a/one', displayName: 'a/one' }, FAST])
    const token = String(first.body['nextPageToken'])
    const second = await get(`/v1beta/models?pageSize=2&pageToken=${token}`)
    expect(second.body).toMatchObject({ models: [{ name: 'models/z/last' }] })
    expect(second.body['nextPageToken']).toBeUndefined()
    expect((await get('/v1alpha/models')).body['models']).toHaveLength(3)
  })

  test('come in their own shape at the common address too, for their own SDKs', async () => {
    expect((await get('/v1/models', { 'x-goog-api-client': 'google-genai-sdk/3' })).body).toHaveProperty(
      'models.2.name',
      'models/z/last',
    )
    expect((await get('/v1/models')).body).toHaveProperty('data')
  })

  test('hold single models, with slashes in their names', async () => {
    expect((await get('/v1beta/models/fast')).body).toEqual(FAST)
    expect((await get('/v1beta/models/a/one')).body).toMatchObject({ name: 'models/a/one' })
    expect((await get('/v1beta/models/a%2Fone')).body).toMatchObject({ name: 'models/a/one' })
    expect(await get('/v1beta/models/none')).toMatchObject({ status: 404, body: { format: 'gemini', code: 'model_not_found' } })
  })

  test('refuse a token and a size that are none', async () => {
    expect(await get('/v1beta/models?pageToken=zzz')).toMatchObject({ status: 400, body: { param: 'pageToken' } })
    expect(await get('/v1beta/models?pageSize=0')).toMatchObject({ status: 400, body: { param: 'pageSize' } })
  })
})
