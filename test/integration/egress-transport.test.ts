import { afterEach, describe, expect, test } from 'bun:test'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import zlib from 'node:zlib'
import { systemClock } from '../../src/lib/clock.ts'
import { Secret } from '../../src/lib/secret.ts'
import { AddressGuard } from '../../src/transport/address-guard.ts'
import { Dialer } from '../../src/transport/dial.ts'
import { anyWay, type EgressPath, type ProxySettings } from '../../src/transport/egress.settings.schema.ts'
import { createFetchTransport } from '../../src/transport/fetch-transport.ts'
import { SocketClient } from '../../src/transport/socket-client.ts'
import { toTransportError } from '../../src/transport/transport-error.ts'
import type { UpstreamRequest } from '../../src/transport/transport.ts'
import { SERVER_CERTIFICATE, SERVER_KEY, TEST_AUTHORITY } from '../support/certificates.data.ts'
import { startHttpProxy, startSocksProxy, type FakeProxy } from '../support/fake-proxy.ts'
import { TestWorld } from '../support/gateway-fixture.ts'

const world = new TestWorld()
afterEach(() => world.closeAll())

const transport = createFetchTransport({ clock: systemClock })

const through = (proxy: FakeProxy, settings: Partial<ProxySettings> = {}): EgressPath => ({
  ...anyWay(false),
  id: 'frankfurt',
  proxy: { protocol: 'http', host: '127.0.0.1', port: proxy.port, user: undefined, password: undefined, ...settings },
})

const LOGIN = { user: 'me', password: new Secret('p%ss:word') }

const request = (url: string, egress: EgressPath, overrides: Partial<UpstreamRequest> = {}): UpstreamRequest => ({
  url,
  method: 'POST',
  headers: { 'x-a': '1' },
  body: '{"zoë":1}',
  signal: new AbortController().signal,
  egress,
  ...overrides,
})

const send = async (url: string, egress: EgressPath, overrides?: Partial<UpstreamRequest>): Promise<string> =>
  (await transport.send(request(url, egress, overrides))).text()

const failureOf = (answer: Promise<unknown>): Promise<unknown> =>
  answer.then(
    () => 'nothing failed',
    (error: unknown) => error,
  )

/** An upstream behind TLS that answers with what it got; gives its port. */
async function tlsUpstream(): Promise<{ readonly port: number; readonly connections: () => number }> {
  let connections = 0
  const server = https.createServer({ cert: SERVER_CERTIFICATE, key: SERVER_KEY }, (incoming, answer) => {
    let text = ''
    incoming.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
    incoming.on('end', () => {
      answer.setHeader('content-encoding', 'gzip')
      answer.end(zlib.gzipSync(`${incoming.headers.host} ${incoming.headers['content-length']} ${text}`))
    })
  })
  server.on('secureConnection', () => connections++)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  world.keep({
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  })
  return { port: (server.address() as AddressInfo).port, connections: () => connections }
}

describe.each([
  ['an HTTP proxy', startHttpProxy, 'http'],
  ['a SOCKS5 proxy', startSocksProxy, 'socks5h'],
] as const)('through %s', (_name, start, protocol) => {
  test('a plain upstream is reached, with and without a login', async () => {
    const upstream = await world.upstream({ body: ['ok'] })
    for (const login of [undefined, 'me:p%ss:word']) {
      const proxy = world.keep(await start(login === undefined ? {} : { login }))
      expect(await send(upstream.url, through(proxy, { protocol, ...(login === undefined ? {} : LOGIN) }))).toBe('ok')
      expect(proxy.asked).toHaveLength(1)
      expect(proxy.asked[0]).toContain(new URL(upstream.url).host)
    }
    expect(upstream.requests[0]).toMatchObject({
      text: '{"zoë":1}',
      headers: { 'x-a': '1', 'content-length': '10', host: new URL(upstream.url).host },
    })
    expect(upstream.requests[1]?.headers['proxy-authorization']).toBeUndefined()
  })

  test('TLS ends at the upstream, under its name, which the proxy resolves', async () => {
    const { port, connections } = await tlsUpstream()
    const proxy = world.keep(await start({ hosts: { 'upstream.test': '127.0.0.1' } }))
    const path = { ...through(proxy, { protocol }), trusted: [TEST_AUTHORITY] }
    for (const _ of [1, 2, 3])
      expect(await send(`https://upstream.test:${port}/v1`, path)).toBe(`upstream.test:${port} 10 {"zoë":1}`)
    expect(proxy.asked).toEqual([`upstream.test:${port}`])
    expect(connections()).toBe(1)
    expect(await failureOf(send(`https://upstream.test:${port}/v1`, through(proxy, { protocol })))).toMatchObject({
      code: 'upstream_connect_failed',
      details: { reason: 'tls' },
    })
    expect(await failureOf(send(`https://other.test:${port}/v1`, { ...path, id: 'other' }))).toMatchObject({
      code: expect.stringMatching(/upstream_connect_failed|egress_failed/),
    })
  })

  test('streams come piece by piece, and end when their reader goes', async () => {
    const upstream = await world.upstream({ body: ['one', { stall: true }] })
    const proxy = world.keep(await start())
    const response = await transport.send(request(upstream.url, through(proxy, { protocol })))
    const reader = response.body!.getReader()
    expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe('one')
    await reader.cancel()
    expect(await upstream.requests[0]?.ended).toBe('aborted')
  })

  test('an abort ends the request, and one inside the answer its stream', async () => {
    const upstream = await world.upstream({ body: ['one', { stall: true }] })
    const proxy = world.keep(await start())
    const controller = new AbortController()
    const response = await transport.send(request(upstream.url, through(proxy, { protocol }), { signal: controller.signal }))
    const reader = response.body!.getReader()
    await reader.read()
    controller.abort()
    const error = await failureOf(reader.read())
    expect(toTransportError(error, { phase: 'body', host: 'x', signal: controller.signal }).code).toBe('client_closed_request')
    expect(await upstream.requests[0]?.ended).toBe('aborted')
  })

  test('a large body arrives byte for byte', async () => {
    const upstream = await world.upstream({ body: ['ok'] })
    const proxy = world.keep(await start())
    const body = ['{"image":"', new Uint8Array(3 * 1024 * 1024).fill(65), '"}'] as const
    expect(await send(upstream.url, through(proxy, { protocol }), { body })).toBe('ok')
    expect(upstream.requests[0]?.body.byteLength).toBe(3 * 1024 * 1024 + 12)
  })

  test.each([
    ['that wants a login', { login: 'a:b' }, {}],
    ['that refuses the login', { login: 'a:b' }, LOGIN],
    ['that speaks something else', { garbage: true }, {}],
    ['that refuses', { refusal: protocol === 'http' ? 403 : 2 }, {}],
  ])('a proxy %s is named, and not the upstream', async (_what, behaviour, login) => {
    const { port } = await tlsUpstream()
    const proxy = world.keep(await start(behaviour))
    const error = await failureOf(send(`https://127.0.0.1:${port}/v1`, through(proxy, { protocol, ...login })))
    expect(error).toMatchObject({ code: 'egress_failed', details: { reason: 'proxy', sent: false, egress: 'frankfurt' } })
    expect((error as Error).message).toContain('The proxy of egress frankfurt')
    expect(Bun.inspect(error)).not.toContain('p%ss')
  })

  test('a proxy that cannot reach the upstream blames the upstream', async () => {
    const proxy = world.keep(await start({ refusal: protocol === 'http' ? 502 : 5 }))
    expect(await failureOf(send('https://upstream.test/v1', through(proxy, { protocol })))).toMatchObject({
      code: 'upstream_connect_failed',
      details: { sent: false, egress: 'frankfurt' },
    })
  })

  test('a proxy that is not there is named', async () => {
    const proxy = await start()
    await proxy.close()
    for (const scheme of ['http', 'https'])
      expect(await failureOf(send(`${scheme}://upstream.test/v1`, through(proxy, { protocol })))).toMatchObject({
        code: 'egress_failed',
        message: expect.stringContaining('ECONNREFUSED'),
      })
  })

  test('private addresses stay out of reach where only public ones are allowed', async () => {
    const proxy = world.keep(await start())
    for (const url of ['http://127.0.0.1:1/v1', 'https://metadata.google.internal/v1', 'https://[::1]/'])
      expect(await failureOf(send(url, { ...through(proxy, { protocol }), publicOnly: true }))).toMatchObject({
        code: 'address_not_allowed',
      })
    expect(proxy.asked).toEqual([])
  })
})

describe('an HTTP proxy', () => {
  test('may be behind TLS itself', async () => {
    const { port } = await tlsUpstream()
    const proxy = world.keep(await startHttpProxy({ encrypted: true, hosts: { 'upstream.test': '127.0.0.1' } }))
    const path = { ...through(proxy, { protocol: 'https' }), trusted: [TEST_AUTHORITY] }
    expect(await send(`https://upstream.test:${port}/v1`, path)).toContain('{"zoë":1}')
    expect(await failureOf(send(`https://upstream.test:${port}/v1`, { ...path, trusted: [] }))).toMatchObject({
      code: 'egress_failed',
    })
  })

  test('that changes its login later is named all the same', async () => {
    const proxy = world.keep(await startHttpProxy({ login: 'a:b' }))
    expect(await failureOf(send('http://upstream.test/v1', through(proxy)))).toMatchObject({ code: 'egress_failed' })
  })
})

describe('a SOCKS5 proxy', () => {
  test('gets checked addresses where names are resolved here', async () => {
    const upstream = await world.upstream({ body: ['ok'] })
    const { port } = new URL(upstream.url)
    const proxy = world.keep(await startSocksProxy({ hosts: { '8.8.8.8': '127.0.0.1' } }))
    const resolving = createFetchTransport({ clock: systemClock, resolve: async () => ['8.8.8.8'] })
    const path = { ...through(proxy, { protocol: 'socks5' }), publicOnly: true }
    expect(await (await resolving.send(request(`http://upstream.test:${port}/v1`, path))).text()).toBe('ok')
    expect(proxy.asked).toEqual([`8.8.8.8:${port}`])
    expect(upstream.requests[0]?.headers['host']).toBe(`upstream.test:${port}`)
  })

  test('is asked for IPv6 addresses as such', async () => {
    const proxy = world.keep(await startSocksProxy({ refusal: 4 }))
    await failureOf(send('http://[2606:4700::1111]:81/', through(proxy, { protocol: 'socks5h' })))
    expect(proxy.asked).toEqual(['26064700000000000000000000001111:81'])
  })
})

describe('connections of our own, where fetch cannot hold on to an address', () => {
  const client = (addresses: readonly string[]): SocketClient =>
    new SocketClient(new Dialer(new AddressGuard({ clock: systemClock, resolve: async () => addresses })))

  test('go to no private address, under whatever name', async () => {
    const upstream = await world.upstream({ body: ['ok'] })
    const { port } = new URL(upstream.url)
    const answer = client(['127.0.0.1']).send(request(`http://inside.example:${port}/`, anyWay(true)), anyWay(true))
    expect(await failureOf(answer)).toMatchObject({ code: 'address_not_allowed' })
    expect(upstream.connections.accepted).toBe(0)
  })

  test('trust what they are told to', async () => {
    const { port } = await tlsUpstream()
    const path = { ...anyWay(false), trusted: [TEST_AUTHORITY] }
    const response = await client([]).send(request(`https://localhost:${port}/`, path), path)
    expect(await response.text()).toContain('{"zoë":1}')
    const bare = anyWay(false)
    expect(await failureOf(client([]).send(request(`https://localhost:${port}/`, bare), bare))).toBeInstanceOf(Error)
  })
})
