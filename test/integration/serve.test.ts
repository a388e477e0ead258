import { afterEach, describe, expect, test } from 'bun:test'
import type { Answer } from '../../src/engine/engine.ts'
import type { ServerSettings } from '../../src/http/server.settings.schema.ts'
import type { RunningServer, ServeOptions } from '../../src/runtime/serve.ts'
import { serve } from '../../src/runtime/serve.ts'
import { serveOnNode } from '../../src/runtime/serve-node.ts'
import { createFixture, fakeKey, FakeStream, type HttpAppFixture } from '../support/http-app-fixture.ts'
import { RawConnection } from '../support/raw-connection.ts'

const servers: readonly [string, (options: ServeOptions) => Promise<RunningServer>][] = [
  ['the native server', serve],
  ["Node's server", serveOnNode],
]

const cleanups: (() => void | Promise<void>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
})

const body = '{"model":"fast","messages":[]}'
const head = (path: string, ...lines: string[]): string =>
  [`POST ${path} HTTP/1.1`, 'Host: localhost', 'Content-Type: application/json', ...lines, '', ''].join('\r\n')

describe.each(servers)('%s', (_name, start) => {
  async function run(
    settings: Partial<ServerSettings> = {},
  ): Promise<HttpAppFixture & { server: RunningServer; connect: () => RawConnection }> {
    const fixture = createFixture(settings)
    const server = await start({ app: fixture.app, settings: { host: '127.0.0.1', port: 0, tls: undefined } })
    cleanups.push(() => server.stop(0))
    const connect = (): RawConnection => {
      const connection = new RawConnection(server.port)
      cleanups.push(() => connection.destroy())
      return connection
    }
    return { ...fixture, server, connect }
  }

  const post = (server: RunningServer, path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`${server.url}${path}`, { method: 'POST', body, headers: { 'content-type': 'application/json' }, ...init })

  test('serves calls, lists and probes', async () => {
    const { server, engine } = await run()
    expect(await (await post(server, '/v1/messages?beta=true')).json()).toEqual({ served: true })
    expect(engine.calls[0]?.body.bytes.toString()).toBe(body)
    expect((await fetch(`${server.url}/v1/models/mock/echo`)).status).toBe(200)
    expect((await fetch(`${server.url}/`, { method: 'HEAD' })).status).toBe(200)
    expect((await fetch(`${server.url}/v1/messages`)).status).toBe(405)
  })

  test('takes several requests over one connection, also when they come at once', async () => {
    const { connect, engine } = await run()
    const connection = connect()
    const one = `${head('/v1/messages', `Content-Length: ${body.length}`)}${body}`
    connection.write(one + one + one)
    await connection.until(() => connection.statuses.length === 3)
    expect([connection.statuses, engine.calls.length]).toEqual([[200, 200, 200], 3])
  })

  test.each([
    [
      'both a length and chunks',
      head('/v1/messages', 'Content-Length: 5', 'Transfer-Encoding: chunked') +
        `0\r\n\r\n${head('/v1/responses', 'Content-Length: 0')}`,
    ],
    ['chunks and a length', head('/v1/messages', 'Transfer-Encoding: chunked', `Content-Length: ${body.length}`) + body],
    ['two different lengths', head('/v1/messages', 'Content-Length: 5', `Content-Length: ${body.length}`) + body],
    ['a length that is no number', head('/v1/messages', 'Content-Length: 5x') + body],
    ['a negative length', head('/v1/messages', 'Content-Length: -1') + body],
    ['an encoding nobody knows', head('/v1/messages', 'Transfer-Encoding: xchunked') + body],
    ['a chunk size that is no number', `${head('/v1/messages', 'Transfer-Encoding: chunked')}zz\r\n${body}\r\n0\r\n\r\n`],
    ['a space before the colon', head('/v1/messages', `Content-Length : ${body.length}`) + body],
    [
      'a bare line feed in a header',
      head('/v1/messages', `X-A: b\nTransfer-Encoding: chunked`, `Content-Length: ${body.length}`) + body,
    ],
    ['garbage', 'hello there\r\n\r\n'],
  ])('lets no second request be smuggled in behind %s', async (_what, text) => {
    const { connect, engine } = await run()
    const connection = connect()
    connection.write(text)
    await connection.closed()
    expect(engine.calls).toHaveLength(0)
    expect(connection.statuses.every((status) => status === 400)).toBe(true)
  })

  test('refuses a head that never ends', async () => {
    const { connect, engine } = await run()
    const connection = connect()
    connection.write(head('/v1/messages', `X-Long: ${'x'.repeat(200_000)}`))
    await connection.closed()
    expect(engine.calls).toHaveLength(0)
  })

  test("refuses bodies over the limit in the client's format, declared or not", async () => {
    const { server, connect, engine } = await run({ maxRequestBytes: 2_000_000 })
    const declared = await post(server, '/v1/messages', { body: 'x'.repeat(3_000_000) })
    expect([declared.status, await declared.json()]).toMatchObject([413, { format: 'anthropic', code: 'body_too_large' }])
    const connection = connect()
    connection.write(head('/v1/messages', 'Transfer-Encoding: chunked'))
    const chunk = `${(100_000).toString(16)}\r\n${' '.repeat(100_000)}\r\n`
    for (let count = 0; count < 25; count++) connection.write(chunk)
    await connection.until(() => connection.received.includes('body_too_large'))
    expect(connection.statuses).toEqual([413])
    expect(engine.calls).toHaveLength(0)
  })

  test('refuses a key before it reads a large body', async () => {
    const { server } = await run({ apiKeys: [fakeKey('good')] })
    const response = await post(server, '/v1/messages', {
      body: 'x'.repeat(5_000_000),
      headers: { 'content-type': 'application/json', 'x-api-key': 'bad' },
    })
    expect([response.status, await response.json()]).toMatchObject([401, { code: 'invalid_api_key' }])
  })

  test('takes a body of many megabytes', async () => {
    const { server, engine } = await run()
    const image = Buffer.alloc(6_000_000, 'pixels').toString('base64')
    const large = JSON.stringify({ model: 'fast', image })
    expect((await post(server, '/v1/messages', { body: large })).status).toBe(200)
    expect(engine.calls[0]?.body.bytes.length).toBe(large.length)
    expect(engine.calls[0]?.body.blobs.size).toBe(1)
  })

  test('gives up a body that does not come, and closes', async () => {
    const { connect, engine, clock } = await run()
    for (const lines of [['Content-Length: 500'], ['Content-Length: 5000000'], ['Transfer-Encoding: chunked']]) {
      const connection = connect()
      connection.write(`${head('/v1/messages', ...lines)}1\r\n{\r\n`)
      while (clock.pending === 0) await Bun.sleep(1)
      while (connection.received === '') await clock.advance(5_000)
      await connection.closed()
      expect(connection.statuses).toEqual([408])
      expect(connection.received).toContain('request_timeout')
    }
    expect(engine.calls).toHaveLength(0)
  })

  test('tells the engine at once when the client goes away', async () => {
    const { connect, engine } = await run()
    const aborted = new Promise<void>((resolve) => {
      engine.answer = (call) => new Promise(() => call.signal.addEventListener('abort', () => resolve()))
    })
    const connection = connect()
    connection.write(`${head('/v1/messages', `Content-Length: ${body.length}`)}${body}`)
    while (engine.calls.length === 0) await Bun.sleep(1)
    connection.destroy()
    await aborted
  })

  test('streams each chunk as it comes, and cancels when the client goes away', async () => {
    const { server, engine, app } = await run()
    const stream = new FakeStream()
    engine.answer = () => ({ kind: 'stream', status: 200, headers: [], stream })
    const leaving = new AbortController()
    const pending = post(server, '/v1/messages', { signal: leaving.signal })
    stream.send('data: 1\n\n')
    const response = await pending
    const reader = response.body!.getReader()
    expect(new TextDecoder().decode((await reader.read()).value)).toBe('data: 1\n\n')
    stream.send('data: 2\n\n')
    expect(new TextDecoder().decode((await reader.read()).value)).toBe('data: 2\n\n')
    leaving.abort()
    while (stream.cancelled === 0) await Bun.sleep(1)
    expect(app.active).toBe(0)
  })

  test('keeps a quiet stream alive', async () => {
    const { server, engine, clock } = await run()
    const stream = new FakeStream()
    engine.answer = () => ({ kind: 'stream', status: 200, headers: [], stream })
    const pending = post(server, '/v1/chat/completions')
    stream.send('data: 1\n\n')
    const reader = (await pending).body!.getReader()
    await reader.read()
    for (let round = 0; round < 3; round++) {
      const read = reader.read()
      await clock.advance(15_000)
      expect(new TextDecoder().decode((await read).value)).toBe(': ping\n\n')
    }
    stream.send('data: 2\n\n')
    stream.end()
    expect(new TextDecoder().decode((await reader.read()).value)).toBe('data: 2\n\n')
    expect((await reader.read()).done).toBe(true)
  })

  test('holds the engine back while a client does not read', async () => {
    const { connect, engine } = await run()
    const stream = new FakeStream()
    engine.answer = () => ({ kind: 'stream', status: 200, headers: [], stream })
    const chunk = 'x'.repeat(64 * 1024)
    for (let count = 0; count < 2_000; count++) stream.send(chunk)
    const connection = connect()
    connection.pause()
    connection.write(`${head('/v1/messages', `Content-Length: ${body.length}`)}${body}`)
    let before = -1
    while (stream.pulls !== before || stream.pulls === 0) {
      before = stream.pulls
      await Bun.sleep(100)
    }
    expect(stream.pulls).toBeLessThan(400)
  })

  test('stops when running calls have ended, refusing new ones until then', async () => {
    const { server, engine } = await run()
    const answer = Promise.withResolvers<Answer>()
    engine.answer = () => answer.promise
    const running = post(server, '/v1/messages')
    while (engine.calls.length === 0) await Bun.sleep(1)
    const stopped = server.stop(5_000)
    expect((await fetch(`${server.url}/ready`)).status).toBe(503)
    const refused = await post(server, '/v1/messages')
    expect([refused.status, refused.headers.get('connection')]).toEqual([503, 'close'])
    answer.resolve({ kind: 'whole', status: 200, headers: [], body: '{}' })
    expect((await running).status).toBe(200)
    await stopped
    expect(await fetch(`${server.url}/health`).catch((error: unknown) => (error as { code: string }).code)).toMatch(
      /ECONNREFUSED|ConnectionRefused/,
    )
  })

  test('stops anyway when a call does not end in time', async () => {
    const { server, engine } = await run()
    engine.answer = () => new Promise(() => undefined)
    const running = post(server, '/v1/messages').catch((error: unknown) => error)
    while (engine.calls.length === 0) await Bun.sleep(1)
    const patient = server.stop(60_000)
    await server.stop(50)
    expect(await running).toBeInstanceOf(Error)
    await patient
  })

  test('says that an address is taken', async () => {
    const { app, server } = await run()
    const second = Promise.resolve().then(() =>
      start({ app, settings: { host: '127.0.0.1', port: server.port, tls: undefined } }),
    )
    expect(await second.catch((error: unknown) => (error as { code: string }).code)).toBe('EADDRINUSE')
  })
})
