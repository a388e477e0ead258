import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import net from 'node:net'
import { CHAT, CLIENT_FORMATS, pathFor, serving } from '../support/client-formats.ts'
import type { FakeUpstream } from '../support/fake-upstream.ts'
import { eventually, providerAt, TestWorld, type TestGateway } from '../support/gateway-fixture.ts'
import { rawPost, sendRaw } from '../support/raw-http.ts'

const world = new TestWorld()
let upstream: FakeUpstream
let gateway: TestGateway

beforeAll(async () => {
  upstream = await world.upstream(serving(CHAT))
  gateway = await world.gateway({ providers: [providerAt('up', upstream, 'openai')] })
})
afterAll(() => world.closeAll())

const BODY = JSON.stringify(CHAT.call('up/m'))
const SMUGGLED = rawPost(CHAT.path, BODY)

async function expectHealthy(): Promise<void> {
  const answer = await sendRaw(gateway.port, ['GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'])
  expect(answer.status).toBe(200)
}

describe('requests with two meanings', () => {
  test('a proper one is served (so that the others fail for their own reasons)', async () => {
    const before = upstream.requests.length
    expect((await sendRaw(gateway.port, [rawPost(CHAT.path, BODY)])).status).toBe(200)
    expect(upstream.requests.length).toBe(before + 1)
  })

  const head = `POST ${CHAT.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n`
  const chunked = `${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`
  test.each([
    ['both lengths', `${head}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n${chunked}${SMUGGLED}`],
    [
      'both lengths, the other way round',
      `${head}Transfer-Encoding: chunked\r\nContent-Length: ${BODY.length}\r\n\r\n0\r\n\r\n${SMUGGLED}`,
    ],
    ['two different lengths', `${head}Content-Length: 2\r\nContent-Length: ${BODY.length}\r\n\r\n{}${SMUGGLED}`],
    ['a list of lengths', `${head}Content-Length: 2, ${BODY.length}\r\n\r\n{}${SMUGGLED}`],
    ['a length with a sign', `${head}Content-Length: +2\r\n\r\n{}${SMUGGLED}`],
    ['a negative length', `${head}Content-Length: -1\r\n\r\n${SMUGGLED}`],
    ['a hexadecimal length', `${head}Content-Length: 0x2\r\n\r\n{}${SMUGGLED}`],
    ['an encoding that hides', `${head}Transfer-Encoding: xchunked\r\nContent-Length: 2\r\n\r\n{}${SMUGGLED}`],
    ['a folded header', `${head}X-A: b\r\n Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n{}${SMUGGLED}`],
    ['a space before the colon', `${head}Transfer-Encoding : chunked\r\nContent-Length: 2\r\n\r\n{}${SMUGGLED}`],
    ['a chunk size that is none', `${head}Transfer-Encoding: chunked\r\n\r\nzz\r\n${BODY}\r\n0\r\n\r\n${SMUGGLED}`],
    ['a NUL in a header', `${head}X-A: a\u0000b\r\nContent-Length: 2\r\n\r\n{}${SMUGGLED}`],
    ['a bare line feed inside a header', `${head}X-A: a\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n{}${SMUGGLED}`],
  ])('(%s) are refused, and no second request rides along', async (_name, bytes) => {
    const before = upstream.requests.length
    const answer = await sendRaw(gateway.port, [bytes])
    expect({ status: answer.status, closed: answer.closed, answers: answer.text.split('HTTP/1.1 ').length - 1 }).toEqual({
      status: 400,
      closed: true,
      answers: 1,
    })
    expect(upstream.requests.length).toBe(before)
    await expectHealthy()
  })
})

describe('clients that are slow on purpose', () => {
  test('headers that never end hold nothing up for others', async () => {
    const sockets = Array.from({ length: 50 }, () => {
      const socket = net.connect(gateway.port, '127.0.0.1')
      socket.on('error', () => {})
      socket.write(`POST ${CHAT.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: `)
      return socket
    })
    for (let round = 0; round < 5; round++) {
      for (const socket of sockets) socket.write('a')
      expect((await gateway.post(CHAT.path, CHAT.call('up/m'))).status).toBe(200)
    }
    for (const socket of sockets) socket.destroy()
    await expectHealthy()
  })

  test('bodies that never end hold nothing up for others, and leave nothing behind when they go', async () => {
    const before = upstream.requests.length
    const sockets = Array.from({ length: 50 }, () => {
      const socket = net.connect(gateway.port, '127.0.0.1')
      socket.on('error', () => {})
      socket.write(
        `POST ${CHAT.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n{`,
      )
      return socket
    })
    for (let round = 0; round < 5; round++) {
      for (const socket of sockets) socket.write(' ')
      expect((await gateway.post(CHAT.path, CHAT.call('up/m'))).status).toBe(200)
    }
    for (const socket of sockets) socket.destroy()
    expect(upstream.requests.length).toBe(before + 5)
    await expectHealthy()
  })
})

describe('oversized and odd heads', () => {
  test.each([
    ['a header of 100 kB', `GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Big: ${'a'.repeat(100_000)}\r\n\r\n`],
    [
      'ten thousand headers',
      `GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n${Array.from({ length: 10_000 }, (_unused, index) => `X-${index}: 1\r\n`).join('')}\r\n`,
    ],
    ['a path of 100 kB', `GET /${'a'.repeat(100_000)} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`],
    ['no HTTP at all', '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003'],
    ['HTTP/2 without being asked', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['a method nobody knows', 'BREW /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'],
    ['no host', `POST ${CHAT.path} HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`],
    ['a host with a line break in it', 'GET /v1/models HTTP/1.1\r\nHost: 127.0.0.1\r\n evil\r\n\r\n'],
  ])('%s ends at most that connection', async (_name, bytes) => {
    const before = upstream.requests.length
    const answer = await sendRaw(gateway.port, [bytes])
    expect(answer.status).not.toBe(500)
    if (answer.status === 0) expect(answer.closed || answer.text === '').toBe(true)
    expect(upstream.requests.length).toBe(before)
    await expectHealthy()
  })

  test('CONNECT and absolute addresses make no proxy of the gateway', async () => {
    const target = await world.upstream({ body: ['reached'] })
    const host = target.url.slice('http://'.length)
    for (const start of [`CONNECT ${host} HTTP/1.1`, `GET ${target.url}/x HTTP/1.1`]) {
      const answer = await sendRaw(gateway.port, [`${start}\r\nHost: ${host}\r\n\r\n`])
      expect(answer.text).not.toContain('reached')
    }
    expect(target.connections.accepted).toBe(0)
    await expectHealthy()
  })
})

describe('paths', () => {
  test.each([
    '/v1/../v1/messages/../../etc/passwd',
    '/..%2f..%2fetc/passwd',
    '/v1/traces/..%2f..%2f..%2fetc%2fpasswd',
    '/v1/traces/%00',
    '/v1/models/%ff%fe',
    '/v1/models/%',
    '/v1/traces/%0d%0ax-evil:%201',
    '/v1/chat/completions%00',
    '/V1/CHAT/COMPLETIONS',
    '/v1/chat/completions/',
    '/%76%31/messages',
    '/v1/messages;x=1',
    '/;/v1/messages',
  ])('%s leads nowhere, and is told so in an envelope with a request id', async (path) => {
    for (const method of ['GET', 'POST']) {
      const before = upstream.requests.length
      const body = method === 'POST' ? BODY : ''
      const lines = ['Host: 127.0.0.1', 'Content-Type: application/json', `Content-Length: ${body.length}`, 'Connection: close']
      const answer = await sendRaw(gateway.port, [`${method} ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body}`])
      expect(answer.headers['x-evil']).toBeUndefined()
      expect(upstream.requests.length).toBe(before)
      expect(`${path} ${answer.status}`).toMatch(/ (400|404|405)$/)
      const id = answer.headers['x-switchback-request-id']
      if (id !== undefined) expect(answer.body).toContain(id)
    }
    await expectHealthy()
  })

  test('unknown addresses and wrong methods are told in the envelope of the format they look like', async () => {
    for (const client of CLIENT_FORMATS) {
      const wrong = await fetch(`${gateway.url}${pathFor(client, {})}`)
      expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'POST'])
      expect(client.errorOf(await wrong.json())).toMatchObject({
        code: 'method_not_allowed',
        requestId: wrong.headers.get('x-switchback-request-id'),
      })
      // What stands below the models of Google's API is the name of one.
      const unknown = await gateway.post(`${client.path}/nothing${client.format === 'gemini' ? ':atAll' : ''}`, {})
      expect(unknown.status).toBe(404)
      expect(client.errorOf(await unknown.json())).toMatchObject({
        code: 'route_not_found',
        requestId: unknown.headers.get('x-switchback-request-id'),
      })
    }
  })
})

describe('a client that sends and goes', () => {
  test('two hundred times, at every moment, leaves nothing running', async () => {
    const bytes = Buffer.from(rawPost(CHAT.path, JSON.stringify(CHAT.call('up/m', { stream: true }))))
    for (let round = 0; round < 200; round++) {
      const socket = net.connect(gateway.port, '127.0.0.1')
      socket.on('error', () => {})
      await new Promise<void>((resolve) => socket.once('connect', () => resolve()))
      const cut = 1 + ((round * 7) % bytes.length)
      await new Promise<void>((resolve) => socket.write(bytes.subarray(0, round % 2 === 0 ? bytes.length : cut), () => resolve()))
      if (round % 3 === 0) socket.resetAndDestroy()
      else socket.destroy()
    }
    await eventually(() => gateway.gateway.engine.active === 0, 'no call is running')
    await expectHealthy()
  })
})
