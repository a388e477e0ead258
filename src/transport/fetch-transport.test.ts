import { describe, expect, test } from 'bun:test'
import { ManualClock } from '../../test/support/manual-clock.ts'
import type { ProbeResult } from './connect-probe.ts'
import type { FetchInit } from './fetch-function.ts'
import { createFetchTransport } from './fetch-transport.ts'
import type { Transport, UpstreamRequest } from './transport.ts'

const request = (overrides: Partial<UpstreamRequest> = {}): UpstreamRequest => ({
  url: 'https://api.example.test/v1/chat/completions?key=SECRET',
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: '{}',
  signal: new AbortController().signal,
  provider: 'example',
  ...overrides,
})

interface Setup {
  readonly transport: Transport
  readonly calls: { readonly url: string; readonly init: FetchInit }[]
  readonly clock: ManualClock
}

function setup(answer: () => Response | Promise<Response>, options: { proxied?: boolean; probe?: ProbeResult } = {}): Setup {
  const calls: { url: string; init: FetchInit }[] = []
  const clock = new ManualClock()
  const transport = createFetchTransport({
    clock,
    fetch: async (url, init) => {
      calls.push({ url, init })
      return answer()
    },
    proxied: () => options.proxied === true,
    probe: () => Promise.resolve(options.probe ?? 'connected'),
  })
  return { transport, calls, clock }
}

describe('the fetch transport', () => {
  test('asks for no redirects, no hidden timeouts and no proxy', async () => {
    const { transport, calls } = setup(() => new Response('ok'))
    await transport.send(request())
    expect(calls[0]?.init).toMatchObject({ method: 'POST', redirect: 'manual', timeout: false, proxy: false, body: '{}' })
    expect(calls[0]?.init.duplex).toBeUndefined()
  })

  test('leaves the proxy to the runtime where the environment names one, except for loopback', async () => {
    const { transport, calls } = setup(() => new Response('ok'), { proxied: true })
    await transport.send(request())
    await transport.send(request({ url: 'http://127.0.0.1:11434/v1/chat/completions' }))
    expect(calls[0]?.init).not.toHaveProperty('proxy')
    expect(calls[1]?.init.proxy).toBe(false)
  })

  test('sends large bodies as a stream that announces its length', async () => {
    const { transport, calls } = setup(() => new Response('ok'))
    await transport.send(request({ body: ['{"image":"', new Uint8Array(2 * 1024 * 1024), '"}'] }))
    expect(calls[0]?.init.duplex).toBe('half')
    expect(calls[0]?.init.headers['content-length']).toBe(String(2 * 1024 * 1024 + 12))
  })

  test('a redirect is an error that names only the place it points to', async () => {
    let cancelled = false
    const body = new ReadableStream({ cancel: () => void (cancelled = true) })
    const { transport } = setup(
      () => new Response(body, { status: 307, headers: { location: 'https://elsewhere.test/v1?key=SECRET' } }),
    )
    const error = await transport.send(request()).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'upstream_bad_response', provider: 'example' })
    expect(String(error)).toContain('https://elsewhere.test')
    expect(String(error)).not.toContain('SECRET')
    expect(cancelled).toBe(true)
  })

  test('headers that describe the packed bytes are dropped from a decoded answer', async () => {
    const packed = { 'content-encoding': 'gzip', 'content-length': '27', 'x-kept': 'yes' }
    const { transport } = setup(() => new Response('{"a":1}', { headers: packed }))
    const response = await transport.send(request())
    expect([
      response.headers.get('content-encoding'),
      response.headers.get('content-length'),
      response.headers.get('x-kept'),
    ]).toEqual([null, null, 'yes'])
    expect(await response.text()).toBe('{"a":1}')
  })

  test('the same holds where the headers of an answer cannot be changed', async () => {
    const immutable = new Response('{"a":1}', { status: 201, headers: { 'content-encoding': 'br' } })
    immutable.headers.delete = () => {
      throw new TypeError('immutable')
    }
    const { transport } = setup(() => immutable)
    const response = await transport.send(request())
    expect(response.status).toBe(201)
    expect(response.headers.has('content-encoding')).toBe(false)
    expect(await response.text()).toBe('{"a":1}')
  })

  test('an origin is warm once it has answered, with an error too', async () => {
    const { transport, clock } = setup(() => new Response('busy', { status: 503 }))
    expect(transport.isWarm('https://api.example.test')).toBe(false)
    await transport.send(request())
    expect(transport.isWarm('https://api.example.test')).toBe(true)
    await clock.advance(60_000)
    expect(transport.isWarm('https://api.example.test')).toBe(false)
  })

  test('a failed request warms nothing', async () => {
    const { transport } = setup(() => Promise.reject(Object.assign(new TypeError('no'), { code: 'ECONNREFUSED' })))
    const error = await transport.send(request()).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'upstream_connect_failed', provider: 'example' })
    expect(transport.isWarm('https://api.example.test')).toBe(false)
  })

  test('reachable means that a TCP connection comes about', async () => {
    expect(await setup(() => new Response()).transport.isReachable('https://api.example.test', 100)).toBe(true)
    for (const probe of ['refused', 'timeout', 'unreachable'] as const)
      expect(await setup(() => new Response(), { probe }).transport.isReachable('https://api.example.test', 100)).toBe(false)
  })

  test('behind a proxy reachability cannot be told, so nothing is declared dead', async () => {
    const { transport } = setup(() => new Response(), { proxied: true, probe: 'refused' })
    expect(await transport.isReachable('https://api.example.test', 100)).toBe(true)
  })
})
