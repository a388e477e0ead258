import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import zlib from 'node:zlib'
import { CHAT, CLIENT_FORMATS, type ClientFormat, GEMINI, pathFor, serving } from '../support/client-formats.ts'
import type { FakeUpstream } from '../support/fake-upstream.ts'
import { providerAt, TestWorld, type TestGateway } from '../support/gateway-fixture.ts'

const world = new TestWorld()
let upstream: FakeUpstream
let gateway: TestGateway
const LIMIT = 1024 * 1024

beforeAll(async () => {
  upstream = await world.upstream(serving(CHAT))
  gateway = await world.gateway({
    server: { max_request_bytes: LIMIT, max_json_depth: 50, max_json_nodes: 10_000 },
    providers: [providerAt('up', upstream, 'openai')],
  })
})
afterAll(() => world.closeAll())

const EACH = CLIENT_FORMATS.map((client): [string, ClientFormat] => [client.format, client])

/** The answer is the client's own envelope with a request id, nobody was called, and the gateway serves on. */
async function expectRefusal(client: ClientFormat, response: Response, status: number, code: string): Promise<string> {
  const body = await response.text()
  expect(`${response.status} ${body.slice(0, 300)}`).toStartWith(`${status} `)
  expect(response.headers.get('content-type')).toBe('application/json')
  const error = client.errorOf(JSON.parse(body))
  const id = response.headers.get('x-switchback-request-id')
  expect(error.requestId).toBe(id)
  expect(id).toMatch(/^req_[0-9a-f]{32}$/)
  expect(error.code).toBe(code)
  expect(upstream.requests.length).toBe(0)
  expect((await fetch(`${gateway.url}/health`)).status).toBe(200)
  return body
}

const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`
const call = (client: ClientFormat, extra: string): string => `${JSON.stringify(client.call('up/m')).slice(0, -1)},${extra}}`

describe.each(EACH)('a hostile body to %s', (_name, client) => {
  test.each([
    ['empty', '', 'invalid_json'],
    ['only spaces', ' \n ', 'invalid_json'],
    ['cut off', '{"model":"up/m","messages":[', 'invalid_json'],
    ['not JSON', 'model=up/m', 'invalid_json'],
    ['two values', '{} {}', 'invalid_json'],
    ['a trailing comma', '{"model":"up/m",}', 'invalid_json'],
    ['a raw NUL', '{"model":"up/m\u0000"}', 'invalid_json'],
    ['a raw line break in a string', '{"model":"up\n/m"}', 'invalid_json'],
    ['NaN', '{"model":NaN}', 'invalid_json'],
    ['a comment', '{/* hi */"model":"up/m"}', 'invalid_json'],
    ['a bad escape', '{"model":"\\x41"}', 'invalid_json'],
    ['half an escape', '{"model":"\\u12"}', 'invalid_json'],
    ['null', 'null', 'invalid_body'],
    ['a list', '[]', 'invalid_body'],
    ['a number', '7', 'invalid_body'],
    ['a text', '"up/m"', 'invalid_body'],
    ['an object without anything', '{}', 'invalid_body'],
    ['a model that is no text, without anything to answer', '{"model":{"toString":"x"}}', 'invalid_body'],
  ])('that is %s is refused with what is wrong, and none of it is repeated', async (_what, text, code) => {
    await expectRefusal(client, await gateway.post(client.path, text), 400, code)
  })

  test('with invalid UTF-8 is refused', async () => {
    const body = Buffer.concat([Buffer.from('{"model":"up/m'), Buffer.from([0xff, 0xfe, 0xc3]), Buffer.from('"}')])
    await expectRefusal(
      client,
      await fetch(`${gateway.url}${pathFor(client, {})}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      }),
      400,
      'invalid_json',
    )
  })

  test.each([
    ['nested too deep', () => call(client, `"x":${nested(51)}`)],
    ['nested a million deep', () => nested(400_000)],
    ['of too many values', () => call(client, `"x":[${'1,'.repeat(10_001)}1]`)],
    ['of too many members', () => call(client, Array.from({ length: 10_001 }, (_unused, index) => `"k${index}":1`).join(','))],
    ['of brackets only, without an end', () => '[{"a":'.repeat(150_000)],
  ])('%s is refused before it costs anything', async (_what, make) => {
    await expectRefusal(client, await gateway.post(client.path, make()), 413, 'body_too_deep')
  })

  test('larger than the limit is refused, declared or not', async () => {
    const text = call(client, `"x":"${'a'.repeat(LIMIT)}"`)
    await expectRefusal(client, await gateway.post(client.path, text), 413, 'body_too_large')
    const chunks = new ReadableStream({
      start(controller) {
        for (let start = 0; start < text.length; start += 65_536)
          controller.enqueue(Buffer.from(text.slice(start, start + 65_536)))
        controller.close()
      },
    })
    const headers = { 'content-type': 'application/json' }
    const undeclared = await fetch(`${gateway.url}${pathFor(client, {})}`, {
      method: 'POST',
      headers,
      body: chunks,
      duplex: 'half',
    } as RequestInit)
    await expectRefusal(client, undeclared, 413, 'body_too_large')
  })

  const bomb = Buffer.alloc(64 * LIMIT, 0x20)
  test.each([
    ['gzip', () => zlib.gzipSync(bomb)],
    ['br', () => zlib.brotliCompressSync(bomb, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 3 } })],
    ['zstd', () => zlib.zstdCompressSync(bomb)],
    ['deflate', () => zlib.deflateSync(bomb)],
  ])('that unpacks to 64 MB (%s) is stopped at the limit', async (encoding, pack) => {
    const headers = { 'content-type': 'application/json', 'content-encoding': encoding }
    const response = await fetch(`${gateway.url}${pathFor(client, {})}`, {
      method: 'POST',
      headers,
      body: pack() as Uint8Array<ArrayBuffer>,
    })
    await expectRefusal(client, response, 413, 'body_too_large')
  })

  test.each([
    ['gzip', 400, 'invalid_body'],
    ['br', 400, 'invalid_body'],
    ['zstd', 400, 'invalid_body'],
    ['compress', 415, 'unsupported_media_type'],
    ['gzip, gzip', 415, 'unsupported_media_type'],
    ['__proto__', 415, 'unsupported_media_type'],
  ])('that is not what its content-encoding %s says is refused', async (encoding, status, code) => {
    const headers = { 'content-type': 'application/json', 'content-encoding': encoding }
    await expectRefusal(
      client,
      await fetch(`${gateway.url}${pathFor(client, {})}`, { method: 'POST', headers, body: '{"model":"up/m"}' }),
      status,
      code,
    )
  })

  test.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/xml',
    'application/json; charset=utf-16',
    'application/jsonp',
    'x',
  ])('declared as %s is refused', async (type) => {
    const response = await gateway.post(client.path, client.call('up/m'), { headers: { 'content-type': type } })
    await expectRefusal(client, response, 415, 'unsupported_media_type')
  })
})

describe('keys that reach for prototypes', () => {
  test.each(EACH)('in a %s body change nothing but what is sent on', async (_name, client) => {
    const evil =
      '"__proto__":{"polluted":1,"model":"x","isAdmin":true},"constructor":{"prototype":{"polluted":2}},"toString":"x","hasOwnProperty":1'
    const part = '{"type":"text","text":"hi","__proto__":{"polluted":3},"constructor":{"prototype":{"polluted":4}}}'
    const metadata = '"metadata":{"__proto__":"x","user_id":"u"}'
    const [member, typed] = client === GEMINI ? ['parts', part.replace('"type":"text",', '')] : ['content', part]
    const fitting = client.format === 'responses' ? typed.replace('"text"', '"input_text"') : typed
    const message = `{"role":"user","${member}":[${fitting}],"__proto__":{"role":"system"}}`
    const field = { openai: 'messages', anthropic: 'messages', responses: 'input', gemini: 'contents' }[client.format]
    const body = `{"model":"up/m","max_tokens":5,"max_output_tokens":50,"${field}":[${message}],${metadata},${evil}}`
    const response = await gateway.post(client.path, body)
    expect([200, 400]).toContain(response.status)
    await response.text()
    const bare: Record<string, unknown> = {}
    expect([bare['polluted'], bare['isAdmin'], ([] as unknown as Record<string, unknown>)['polluted']]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
    const record = await gateway.recordOf(response)
    expect(record.requested_model).toBe('up/m')
    // A call with the same keys gone is served the same.
    expect((await gateway.post(client.path, client.call('up/m'))).status).toBe(200)
  })

  test.each([
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    '__proto__/x',
    'up/__proto__',
    'constructor/prototype',
    'mock/constructor',
  ])('as the model name %s are names like any other', async (model) => {
    for (const client of CLIENT_FORMATS) {
      const response = await gateway.post(client.path, client.call(model))
      expect(response.status).toBe(model.startsWith('up/') ? 200 : 404)
      await response.text()
    }
  })

  test.each([
    '/v1/traces/__proto__',
    '/v1/traces/constructor',
    '/v1/models/__proto__',
    '/v1/models/toString',
    '/__proto__',
    '/constructor',
  ])('in the path %s find nothing', async (path) => {
    const response = await fetch(`${gateway.url}${path}`)
    expect(response.status).toBe(404)
    expect(CHAT.errorOf(await response.json()).requestId).toBe(response.headers.get('x-switchback-request-id'))
  })

  test('in the query are ignored', async () => {
    const response = await fetch(`${gateway.url}/v1/traces?__proto__=1&constructor=2&limit=1&__proto__[x]=3`)
    expect(response.status).toBe(200)
  })

  test('in headers are ignored', async () => {
    const response = await gateway.post(CHAT.path, CHAT.call('up/m'), {
      headers: { constructor: 'x', tostring: 'y', __proto__x: 'z' } as Record<string, string>,
    })
    expect(response.status).toBe(200)
  })
})

describe('names that reach for headers', () => {
  test.each([
    'up/m\r\nx-evil: 1',
    'up/m\nSet-Cookie: a=b',
    'up/m\u0000',
    'up/ü漢😀',
    `up/${'漢'.repeat(500)}`,
    'up/m\u2028',
    'up/\ud800',
    'nobody/x\r\nx-evil: 1',
  ])('the model %j adds no header and breaks none', async (model) => {
    for (const client of CLIENT_FORMATS) {
      for (const stream of [false, true]) {
        const response = await gateway.post(client.path, client.call(model, { stream }))
        expect([200, 404]).toContain(response.status)
        await response.text()
        expect(response.headers.get('x-evil')).toBeNull()
        expect(response.headers.get('set-cookie')).toBeNull()
        const route = response.headers.get('x-switchback-route') ?? ''
        expect(route.length).toBeLessThanOrEqual(1024)
        expect(route).toMatch(/^[\x20-\x7e]+$/)
      }
    }
  })

  test('a session id is cut to a sensible length and stored as it is', async () => {
    const response = await gateway.post(CHAT.path, CHAT.call('up/m'), { headers: { 'x-session-id': 's'.repeat(5_000) } })
    expect((await gateway.recordOf(response)).session_id?.length).toBe(128)
  })
})

describe('a record', () => {
  test('stays small whatever the client sent', async () => {
    const names = Array.from({ length: 3_000 }, (_unused, index) => [`${'n'.repeat(150)}${index}`, 1])
    const body = { ...CLIENT_FORMATS[2]!.call('up/m'), ...Object.fromEntries(names), ['m'.repeat(300_000)]: 1 }
    const response = await gateway.post('/v1/messages', body)
    expect(response.status).toBe(200)
    expect(response.headers.get('x-switchback-lost')?.length).toBeLessThanOrEqual(512)
    const record = JSON.stringify(await gateway.recordOf(response))
    expect(record.length).toBeLessThan(100_000)
    expect(record).toContain('extension')
  })
})

test.each(CLIENT_FORMATS)(
  'a model name of many thousand characters is refused for $format clients before it fills records',
  async (client) => {
    // A path cannot be as long as a body.
    const response = await gateway.post(client.path, client.call(`up/${'m'.repeat(client === GEMINI ? 6_000 : 300_000)}`))
    expect(response.status).toBe(400)
    expect(client.errorOf(await response.json())).toMatchObject({
      code: 'invalid_body',
      requestId: response.headers.get('x-switchback-request-id'),
    })
    expect(JSON.stringify(await gateway.recordOf(response)).length).toBeLessThan(5_000)
  },
)
