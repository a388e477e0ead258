import { describe, expect, test } from 'bun:test'
import type { GatewayError } from '../errors/gateway-error.ts'
import { createGuardedTransport, type GuardedTransportOptions } from './guarded-transport.ts'

interface Sent {
  readonly url: string
  readonly init: {
    readonly headers: Record<string, string>
    readonly tls?: { readonly serverName: string }
    readonly proxy?: false
  }
}

/** What goes out, and the names that are resolved, when a message is posted. */
function setup(addresses: readonly string[], options: Partial<GuardedTransportOptions> = {}) {
  const sent: Sent[] = []
  const resolved: string[] = []
  const transport = createGuardedTransport({
    fetch: async (url, init) => {
      sent.push({ url, init })
      return new Response('ok')
    },
    resolve: async (host) => {
      resolved.push(host)
      return addresses
    },
    canPin: true,
    ...options,
  })
  const post = (url: string, allowPrivate = false): Promise<Response> =>
    transport.post({ url, headers: { 'x-a': '1' }, body: '{}', signal: new AbortController().signal, allowPrivate })
  return { post, sent, resolved }
}

const reasonOf = async (answer: Promise<unknown>): Promise<unknown> =>
  (
    await answer.then(
      () => undefined,
      (error: GatewayError) => error,
    )
  )?.details?.['reason']

describe('a message to an address that somebody typed', () => {
  test('goes to the address that was checked, under the name that was typed', async () => {
    const { post, sent, resolved } = setup(['8.8.8.8'])
    await post('https://hooks.example:8443/a?b=c')
    expect(resolved).toEqual(['hooks.example'])
    expect(sent).toMatchObject([
      {
        url: 'https://8.8.8.8:8443/a?b=c',
        init: { headers: { 'x-a': '1', host: 'hooks.example:8443' }, tls: { serverName: 'hooks.example' }, redirect: 'manual' },
      },
    ])
  })

  test('puts an IPv6 address into brackets', async () => {
    const { post, sent } = setup(['2606:4700::1111'])
    await post('https://hooks.example/a')
    expect(sent[0]?.url).toBe('https://[2606:4700::1111]/a')
  })

  test.each([
    'http://127.0.0.1:9000/',
    'http://[::1]/',
    'http://localhost/',
    'http://metadata.localhost./',
    'http://169.254.169.254/latest/meta-data',
    'http://10.1.2.3/',
    'http://192.168.1.1/',
    'http://[fd00::1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://0.0.0.0/',
    'http://2130706433/',
  ])('does not go to %s', async (url) => {
    const { post, sent } = setup([])
    expect(await reasonOf(post(url))).toBe('private_address')
    expect(sent).toEqual([])
  })

  test('does not go to a name of which one address is private', async () => {
    const { post, sent } = setup(['8.8.8.8', '10.0.0.1'])
    expect(await reasonOf(post('https://rebinding.example/'))).toBe('private_address')
    expect(sent).toEqual([])
  })

  test('goes anywhere when the operator says so', async () => {
    const { post, sent, resolved } = setup([])
    await post('http://127.0.0.1:9000/x', true)
    expect([sent[0]?.url, resolved]).toEqual(['http://127.0.0.1:9000/x', []])
  })

  test('leaves names to the proxy, where one is in between, and still refuses private addresses', async () => {
    const { post, sent, resolved } = setup([], { proxied: () => true })
    await post('https://hooks.example/a')
    expect([sent[0]?.url, sent[0]?.init.proxy, resolved]).toEqual(['https://hooks.example/a', undefined, []])
    expect(await reasonOf(post('http://10.0.0.1/'))).toBe('private_address')
  })

  test('that fails tells no more than the host', async () => {
    const { post } = setup(['8.8.8.8'], {
      fetch: () => Promise.reject(Object.assign(new TypeError('connect https://hooks.example/SECRET'), { code: 'ECONNREFUSED' })),
    })
    const error = await post('https://hooks.example/SECRET').catch((thrown: unknown) => thrown as GatewayError)
    expect(error).toMatchObject({ code: 'upstream_connect_failed', details: { reason: 'refused' } })
    expect((error as GatewayError).message).not.toContain('SECRET')
  })
})
