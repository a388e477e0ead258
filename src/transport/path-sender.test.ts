import { afterAll, describe, expect, test } from 'bun:test'
import { SERVER_CERTIFICATE, SERVER_KEY, TEST_AUTHORITY } from '../../test/support/certificates.data.ts'
import { ManualClock } from '../../test/support/manual-clock.ts'
import { anyWay, type EgressPath } from './egress.settings.schema.ts'
import type { FetchInit } from './fetch-function.ts'
import { AddressGuard } from './address-guard.ts'
import { createFetchTransport } from './fetch-transport.ts'
import { PathSender } from './path-sender.ts'

interface Setup {
  readonly addresses?: readonly string[]
  readonly proxied?: boolean
  readonly mayLeave?: boolean
  readonly answer?: (url: string) => Response
}

/** What `fetch` is called with when a message leaves a certain way. */
function setup({ addresses = [], proxied = false, mayLeave = true, answer = () => new Response('ok') }: Setup = {}) {
  const sent: { readonly url: string; readonly init: FetchInit }[] = []
  const transport = createFetchTransport({
    clock: new ManualClock(),
    fetch: async (url, init) => {
      sent.push({ url, init })
      return answer(url)
    },
    resolve: async () => addresses,
    proxied: () => proxied,
    mayLeave: () => mayLeave,
  })
  const send = (url: string, egress?: EgressPath): Promise<unknown> =>
    transport
      .send({ url, method: 'POST', headers: { 'x-a': '1' }, body: '{}', signal: new AbortController().signal, egress })
      .catch((error: unknown) => error)
  return { send, sent }
}

const PUBLIC = anyWay(true)
const refuse = (): never => {
  throw Object.assign(new TypeError('no'), { code: 'ECONNREFUSED' })
}

describe('a request that may go to the public internet only', () => {
  test('goes to the address that was checked, under the name that was given', async () => {
    const { send, sent } = setup({ addresses: ['8.8.8.8'] })
    await send('https://hooks.example:8443/a?b=c', PUBLIC)
    expect(sent).toMatchObject([
      {
        url: 'https://8.8.8.8:8443/a?b=c',
        init: {
          headers: { 'x-a': '1', host: 'hooks.example:8443' },
          tls: { serverName: 'hooks.example' },
          redirect: 'manual',
          proxy: false,
        },
      },
    ])
  })

  test('puts an IPv6 address into brackets', async () => {
    const { send, sent } = setup({ addresses: ['2606:4700::1111'] })
    await send('https://hooks.example/a', PUBLIC)
    expect(sent[0]?.url).toBe('https://[2606:4700::1111]/a')
  })

  test('goes on to the next address where nobody takes the connection, and to no more than three', async () => {
    const { send, sent } = setup({
      addresses: ['8.8.8.1', '8.8.8.2', '8.8.8.3', '8.8.8.4'],
      answer: (url) => (url.includes('8.8.8.2') ? new Response('ok') : refuse()),
    })
    expect(await send('https://hooks.example/', PUBLIC)).toBeInstanceOf(Response)
    expect(sent.map(({ url }) => url)).toEqual(['https://8.8.8.1/', 'https://8.8.8.2/'])
    const nobody = setup({ addresses: ['8.8.8.1', '8.8.8.2', '8.8.8.3', '8.8.8.4'], answer: refuse })
    expect(await nobody.send('https://hooks.example/', PUBLIC)).toMatchObject({ details: { reason: 'refused' } })
    expect(nobody.sent).toHaveLength(3)
  })

  test('never leaves for a private address, under whatever name', async () => {
    const { send, sent } = setup({ addresses: ['10.0.0.1'] })
    expect(await send('https://inside.example/', PUBLIC)).toMatchObject({ code: 'address_not_allowed' })
    expect(await send('http://127.0.0.1:9000/', PUBLIC)).toMatchObject({ code: 'address_not_allowed' })
    expect(sent).toEqual([])
  })

  test('leaves names to the proxy of the environment, and private addresses to nobody', async () => {
    const { send, sent } = setup({ proxied: true })
    await send('https://hooks.example/a', PUBLIC)
    expect([sent[0]?.url, sent[0]?.init.proxy]).toEqual(['https://hooks.example/a', undefined])
    expect(await send('http://10.0.0.1/', PUBLIC)).toMatchObject({ code: 'address_not_allowed' })
    expect(sent).toHaveLength(1)
  })
})

test('whether a public upstream can be reached is asked of the addresses that were checked', async () => {
  const probed: string[] = []
  const transport = createFetchTransport({
    clock: new ManualClock(),
    resolve: async () => ['8.8.8.8', '2606:4700::1111'],
    probe: async (url) => {
      probed.push(url)
      return 'refused'
    },
  })
  const signal = new AbortController().signal
  expect(await transport.isReachable('https://api.example:8443', 100, signal, PUBLIC)).toBe(false)
  expect(probed).toEqual(['https://8.8.8.8:8443/', 'https://[2606:4700::1111]:8443/'])
})

test('whether an upstream can be reached is asked where requests go around the proxy of the environment', async () => {
  const transport = createFetchTransport({ clock: new ManualClock(), proxied: () => true, probe: async () => 'refused' })
  const signal = new AbortController().signal
  const isReachable = (egress?: EgressPath): Promise<boolean> => transport.isReachable('https://api.example', 100, signal, egress)
  expect(await isReachable({ ...anyWay(false), proxy: undefined })).toBe(false)
  expect([await isReachable(), await isReachable(anyWay(false))]).toEqual([true, true])
})

describe('where fetch takes neither certificates nor the name of a server apart from its address', () => {
  /** Every name is this machine, and is allowed. */
  class Loopback extends AddressGuard {
    override addressesOf(): Promise<readonly string[]> {
      return Promise.resolve(['127.0.0.1'])
    }
  }
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    tls: { key: SERVER_KEY, cert: SERVER_CERTIFICATE },
    fetch: (request) => new Response(request.headers.get('host')),
  })
  afterAll(() => server.stop(true))
  const send = async (host: string, path: EgressPath): Promise<string> => {
    const sender = new PathSender({
      fetch: () => Promise.reject(new Error('fetch was called')),
      guard: new Loopback({ clock: new ManualClock() }),
      canPin: false,
    })
    const { signal } = new AbortController()
    const request = { url: `https://${host}:${server.port}/`, method: 'GET', headers: {}, body: undefined, signal }
    const fetching = { isProxied: false, init: () => Promise.reject(new Error('fetch was called')) as never }
    return sender.send(request, path, fetching).then(
      (response) => response.text(),
      (error: Error & { code?: string }) => error.code ?? error.message,
    )
  }
  const trusted = [TEST_AUTHORITY]

  test('a request with certificates of its own goes over a connection of our own', async () => {
    expect(await send('127.0.0.1', { ...anyWay(false), trusted })).toBe(`127.0.0.1:${server.port}`)
  })

  test('a public one goes to the address that was checked, and the server has to be who it was called', async () => {
    expect(await send('upstream.test', { ...anyWay(true), trusted })).toBe(`upstream.test:${server.port}`)
    expect(await send('another.test', { ...anyWay(true), trusted })).toBe('ERR_TLS_CERT_ALTNAME_INVALID')
    expect(await send('upstream.test', anyWay(true))).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE')
  })
})

describe('a request', () => {
  test('goes anywhere when nothing forbids it', async () => {
    const { send, sent } = setup()
    await send('http://127.0.0.1:9000/x', anyWay(false))
    expect(sent[0]?.url).toBe('http://127.0.0.1:9000/x')
  })

  test('whose way is the direct one goes around the proxy of the environment', async () => {
    const { send, sent } = setup({ proxied: true })
    await send('https://api.example/', { ...anyWay(false), proxy: undefined })
    expect(sent[0]?.init.proxy).toBe(false)
  })

  test('with certificates of its own trusts them beside the public ones', async () => {
    const { send, sent } = setup()
    await send('https://api.example/', { ...anyWay(false), trusted: ['OWN'] })
    expect(sent[0]?.init.tls?.ca?.length).toBeGreaterThan(50)
    expect(sent[0]?.init.tls?.ca).toContain('OWN')
  })

  test('whose way is closed is never sent', async () => {
    const { send, sent } = setup()
    const error = await send('https://api.example/', {
      ...anyWay(false),
      id: 'frankfurt',
      closed: 'is switched off (enabled: false)',
    })
    expect(error).toMatchObject({ code: 'egress_disabled', message: expect.stringContaining('frankfurt is switched off') })
    expect(sent).toEqual([])
  })

  test('stays on this machine while nothing may leave it', async () => {
    const { send, sent } = setup({ mayLeave: false })
    expect(await send('https://api.example/')).toMatchObject({ code: 'egress_disabled' })
    expect(await send('https://api.example/', PUBLIC)).toMatchObject({ code: 'egress_disabled' })
    expect(await send('http://127.0.0.1:11434/')).toBeInstanceOf(Response)
    expect(sent.map(({ url }) => url)).toEqual(['http://127.0.0.1:11434/'])
  })
})
