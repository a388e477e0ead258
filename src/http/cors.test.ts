import { describe, expect, test } from 'bun:test'
import { createFixture, fakeKey, request } from '../../test/support/http-app-fixture.ts'

const origin = 'https://app.example.com'
const listed = { corsOrigins: [origin], apiKeys: [fakeKey('good')] }
const preflight = (path: string, headers: Record<string, string> = {}): Request =>
  request(path, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization, content-type',
      ...headers,
    },
  })

describe('a listed origin', () => {
  test('gets a preflight answered without a key', async () => {
    const { app } = createFixture(listed)
    const response = await app.fetch(preflight('/v1/chat/completions'))
    expect(response.status).toBe(204)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'access-control-allow-origin': origin,
      'access-control-allow-methods': 'POST',
      'access-control-allow-headers': 'authorization, content-type',
      vary: expect.stringContaining('origin') as unknown as string,
    })
  })

  test('may read answers and errors', async () => {
    const { app } = createFixture(listed)
    for (const key of ['good', 'bad']) {
      const response = await app.fetch(
        request('/v1/messages', { headers: { origin, 'x-api-key': key }, json: { model: 'fast' } }),
      )
      expect(response.headers.get('access-control-allow-origin')).toBe(origin)
      expect(response.headers.get('access-control-expose-headers')).toContain('x-switchback-request-id')
      expect(response.headers.get('vary')).toBe('origin')
    }
  })

  test('may reach a private network when the browser asks', async () => {
    const { app } = createFixture(listed)
    const response = await app.fetch(preflight('/v1/messages', { 'access-control-request-private-network': 'true' }))
    expect(response.headers.get('access-control-allow-private-network')).toBe('true')
  })
})

describe('any other origin', () => {
  test('gets no permission', async () => {
    const { app } = createFixture(listed)
    for (const foreign of ['https://evil.example', 'null', 'https://app.example.com.evil.example', 'http://app.example.com']) {
      const refused = await app.fetch(preflight('/v1/chat/completions', { origin: foreign }))
      expect(refused.status).toBe(403)
      expect(refused.headers.has('access-control-allow-origin')).toBe(false)
      const answered = await app.fetch(
        request('/v1/messages', { headers: { origin: foreign, 'x-api-key': 'good' }, json: { model: 'fast' } }),
      )
      expect(answered.headers.has('access-control-allow-origin')).toBe(false)
      expect(answered.headers.get('vary')).toBe('origin')
    }
  })

  test('cannot smuggle headers through the list of asked ones', async () => {
    const { app } = createFixture(listed)
    const response = await app.fetch(preflight('/v1/messages', { 'access-control-request-headers': 'x-a; x="y"' }))
    expect(response.headers.has('access-control-allow-headers')).toBe(false)
  })
})

test('without a list nothing is added', async () => {
  const { app } = createFixture()
  const response = await app.fetch(request('/v1/messages', { json: { model: 'fast' } }))
  expect(response.headers.has('vary')).toBe(false)
  expect((await app.fetch(preflight('/v1/messages'))).status).toBe(403)
})

test('OPTIONS without an origin tells the methods', async () => {
  const { app } = createFixture()
  const response = await app.fetch(request('/v1/messages', { method: 'OPTIONS' }))
  expect([response.status, response.headers.get('allow')]).toEqual([204, 'POST'])
  expect((await app.fetch(request('/nothing', { method: 'OPTIONS' }))).status).toBe(404)
})
