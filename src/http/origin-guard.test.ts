import { describe, expect, test } from 'bun:test'
import { createFixture, fakeKey, request } from '../../test/support/http-app-fixture.ts'
import type { ServerSettings } from './server.settings.schema.ts'

const call = { model: 'fast', messages: [] }

async function status(headers: Record<string, string>, settings: Partial<ServerSettings> = {}): Promise<number> {
  const { app } = createFixture(settings)
  return (await app.fetch(request('/v1/chat/completions', { headers, json: call }))).status
}

describe('a gateway without a key, on loopback', () => {
  test.each([
    'localhost',
    'localhost:8765',
    'LOCALHOST:8765',
    'localhost.',
    '127.0.0.1:8765',
    '127.1.2.3',
    '[::1]:8765',
    'api.localhost:1',
  ])('answers to %s', async (host) => {
    expect(await status({ host })).toBe(200)
  })

  test.each([
    'evil.example:8765',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
    '192.168.1.5:8765',
    '[::2]',
    '',
    'local host',
    'user@localhost',
    '127.0.0.1:8765, evil.example',
  ])('does not answer to %j, which a web page could have pointed here', async (host) => {
    expect(await status({ host })).toBe(403)
  })

  test('answers to the host of its public address', async () => {
    const settings = { publicUrl: 'https://ai.example.com/gateway' }
    expect(await status({ host: 'ai.example.com' }, settings)).toBe(200)
    expect(await status({ host: 'ai.example.com:443', origin: 'https://ai.example.com' }, settings)).toBe(200)
    expect(await status({ host: 'other.example.com' }, settings)).toBe(403)
  })

  test.each([
    [{ origin: 'https://evil.example' }],
    [{ origin: 'http://localhost:3000' }],
    [{ origin: 'http://127.0.0.1:8765', host: 'localhost:8765' }],
    [{ origin: 'null' }],
    [{ origin: 'https://evil.example', 'sec-fetch-site': 'same-origin' }],
    [{ 'sec-fetch-site': 'cross-site' }],
    [{ 'sec-fetch-site': 'same-site' }],
  ] as [Record<string, string>][])('refuses a page elsewhere: %j', async (headers) => {
    expect(await status(headers)).toBe(403)
  })

  test.each([[{}], [{ origin: 'http://localhost:8765', 'sec-fetch-site': 'same-origin' }], [{ 'sec-fetch-site': 'none' }]] as [
    Record<string, string>,
  ][])('serves programs and its own pages: %j', async (headers) => {
    expect(await status(headers)).toBe(200)
  })

  test('serves pages of origins that are listed', async () => {
    const settings = { corsOrigins: ['https://app.example.com'] }
    expect(await status({ origin: 'https://app.example.com', 'sec-fetch-site': 'cross-site' }, settings)).toBe(200)
    expect(await status({ origin: 'https://app.example.com.evil.example', 'sec-fetch-site': 'cross-site' }, settings)).toBe(403)
  })

  test("protects what can be read as well, and tells in the caller's format", async () => {
    const { app } = createFixture()
    for (const path of ['/v1/models', '/v1/traces']) {
      const response = await app.fetch(request(path, { headers: { 'sec-fetch-site': 'cross-site' } }))
      expect(response.status).toBe(403)
    }
    const response = await app.fetch(request('/v1/messages', { headers: { origin: 'https://evil.example' }, json: call }))
    expect(await response.json()).toMatchObject({ format: 'anthropic', code: 'forbidden_origin' })
  })

  test('shows its status page to a link from elsewhere, though not under a foreign name', async () => {
    const { app } = createFixture()
    expect(
      (await app.fetch(request('/', { headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' } }))).status,
    ).toBe(200)
    expect((await app.fetch(request('/', { headers: { host: 'evil.example' } }))).status).toBe(403)
  })

  test('answers load balancers, which call by any name', async () => {
    const { app } = createFixture()
    expect((await app.fetch(request('/health', { headers: { host: '10.1.2.3:8765' } }))).status).toBe(200)
    expect((await app.fetch(request('/ready', { headers: { host: '10.1.2.3:8765' } }))).status).toBe(200)
  })
})

describe('a gateway without a key, open to its network on purpose', () => {
  const open = { host: '0.0.0.0', allowOpenAdmin: true }

  test.each(['10.0.0.5:8765', 'switchback:8765', 'nas.local', 'host.docker.internal:8765', '[fd00::1]:8765', 'localhost'])(
    'answers to %s',
    async (host) => {
      expect(await status({ host }, open)).toBe(200)
    },
  )

  test('does not answer to names of the public DNS, nor to pages elsewhere', async () => {
    expect(await status({ host: 'evil.example:8765' }, open)).toBe(403)
    expect(await status({ host: '10.0.0.5:8765', origin: 'https://evil.example' }, open)).toBe(403)
  })
})

test('a gateway with keys leaves this to the keys', async () => {
  const headers = {
    host: 'evil.example',
    origin: 'https://evil.example',
    'sec-fetch-site': 'cross-site',
    authorization: 'Bearer good',
  }
  expect(await status(headers, { apiKeys: [fakeKey('good')] })).toBe(200)
  expect(await status({ ...headers, authorization: 'Bearer bad' }, { apiKeys: [fakeKey('good')] })).toBe(401)
})
