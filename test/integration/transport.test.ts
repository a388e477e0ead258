import { afterEach, describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import net from 'node:net'
import zlib from 'node:zlib'
import { GatewayError } from '../../src/errors/gateway-error.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { waitConnected } from '../../src/transport/connect-probe.ts'
import { discardBody } from '../../src/transport/discard-body.ts'
import { createFetchTransport } from '../../src/transport/fetch-transport.ts'
import { toTransportError } from '../../src/transport/transport-error.ts'
import type { UpstreamRequest } from '../../src/transport/transport.ts'
import { startFakeUpstream, type FakeUpstream, type Reply } from '../support/fake-upstream.ts'

const transport = createFetchTransport({ clock: systemClock })
const open: FakeUpstream[] = []

async function upstream(reply?: Reply): Promise<FakeUpstream> {
  const started = await startFakeUpstream(reply)
  open.push(started)
  return started
}

const post = (url: string, overrides: Partial<UpstreamRequest> = {}): UpstreamRequest => ({
  url: `${url}/v1/chat/completions`,
  method: 'POST',
  headers: { 'content-type': 'application/json', 'user-agent': 'switchback/test' },
  body: '{}',
  signal: new AbortController().signal,
  ...overrides,
})

const LARGE_BYTES = 20 * 1024 * 1024

const failureOf = (promise: Promise<unknown>): Promise<GatewayError> =>
  promise.then(
    () => new GatewayError('internal', 'nothing failed'),
    (error: unknown) => error as GatewayError,
  )

afterEach(async () => {
  for (const each of open.splice(0)) await each.close()
})

describe('the transport over real sockets', () => {
  test('a small body arrives whole with its length, under our own name', async () => {
    const fake = await upstream({ body: ['ok'] })
    const response = await transport.send(post(fake.url, { body: ['{"a":"', Buffer.from('zoë'), '"}'] }))
    expect(await response.text()).toBe('ok')
    expect(fake.requests[0]?.text).toBe('{"a":"zoë"}')
    expect(fake.requests[0]?.headers).toMatchObject({ 'content-length': '12', 'user-agent': 'switchback/test' })
  })

  test('a large piece arrives byte for byte, with a length', async () => {
    const fake = await upstream({ body: ['ok'], framing: 'length' })
    const body = ['{"image":"', new Uint8Array(LARGE_BYTES).fill(65), '"}'] as const
    await (await transport.send(post(fake.url, { body }))).text()
    expect(fake.requests[0]?.headers['content-length']).toBe(String(LARGE_BYTES + 12))
    expect(fake.requests[0]?.body.byteLength).toBe(LARGE_BYTES + 12)
  })

  test('a large piece takes less memory than its size', async () => {
    // The receiver of this test lives in the same process, so only a peer that throws the bytes away measures the sender.
    const sink = net.createServer((socket) => discardAndAnswer(socket))
    await new Promise<void>((resolve) => sink.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(sink.address() as net.AddressInfo).port}`
    const send = async (image: Uint8Array): Promise<string> =>
      (await transport.send(post(url, { body: ['{"image":"', image, '"}'] }))).text()
    const image = new Uint8Array(4 * LARGE_BYTES).fill(65)
    // What the way itself takes, once, is not of the piece.
    await send(image.subarray(0, LARGE_BYTES / 4))
    const before = peakMemoryMb()
    await send(image)
    const grown = peakMemoryMb() - before
    sink.close()
    // Slices that wait to be collected are 20 to 50 MB. As one buffer it takes as much as it is long beside them, joined twice that.
    expect(grown).toBeLessThan(80)
  })

  test('an early answer ends the upload of a large body', async () => {
    const fake = await upstream()
    fake.early(() => ({ status: 413, body: ['too large'], framing: 'close' }))
    const response = await transport.send(post(fake.url, { body: new Uint8Array(20 * 1024 * 1024) }))
    expect(response.status).toBe(413)
    discardBody(response)
  })

  test('nobody listening and a wrong scheme are told apart', async () => {
    expect((await failureOf(transport.send(post('http://127.0.0.1:1')))).details).toMatchObject({
      reason: 'refused',
      sent: false,
    })
    const plain = net.createServer((socket) =>
      socket.on('error', () => {}).once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
    )
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve))
    const tls = await failureOf(transport.send(post(`https://127.0.0.1:${(plain.address() as net.AddressInfo).port}`)))
    plain.close()
    expect(tls).toMatchObject({ code: 'upstream_connect_failed', details: { reason: 'tls' } })
    expect(tls.message).toContain('scheme')
  })

  test('a reset before the headers may have reached the upstream', async () => {
    const fake = await upstream({ before: [{ reset: true }] })
    expect(await failureOf(transport.send(post(fake.url)))).toMatchObject({
      code: 'upstream_stream_interrupted',
      details: { sent: true },
    })
  })

  test('an answer that is not HTTP is a bad response', async () => {
    const fake = await upstream({ raw: ['garbage garbage\r\n\r\n'] })
    expect(await failureOf(transport.send(post(fake.url)))).toMatchObject({ code: 'upstream_bad_response' })
  })

  test.each([
    ['reset', { reset: true }],
    ['closed', { close: true }],
  ] as const)('a connection %s inside the body interrupts the stream', async (_how, step) => {
    const fake = await upstream({ body: ['data: 1\n\n', { delayMs: 10 }, step] })
    const response = await transport.send(post(fake.url))
    const error = await response.text().catch((thrown: unknown) => thrown)
    expect(toTransportError(error, { phase: 'body', host: 'x' }).code).toBe('upstream_stream_interrupted')
  })

  test('a packed answer is unpacked and says nothing of its packing', async () => {
    const fake = await upstream({ headers: { 'content-encoding': 'gzip' }, body: [zlib.gzipSync('{"a":1}')], framing: 'length' })
    const response = await transport.send(post(fake.url))
    expect(response.headers.has('content-encoding')).toBe(false)
    expect(response.headers.has('content-length')).toBe(false)
    expect(await response.text()).toBe('{"a":1}')
  })

  test('a timeout set by the caller comes back as it is, and the upstream sees the connection close', async () => {
    const fake = await upstream({ before: [{ stall: true }] })
    const controller = new AbortController()
    const timeout = new GatewayError('upstream_timeout', 'no headers in time')
    const sent = failureOf(transport.send(post(fake.url, { signal: controller.signal })))
    const request = await fake.request(0)
    controller.abort(timeout)
    expect(await sent).toBe(timeout)
    expect(await request.ended).toBe('aborted')
  })

  test('a client that goes away in the middle of a stream closes the upstream', async () => {
    const fake = await upstream({ body: ['data: 1\n\n', { stall: true }] })
    const controller = new AbortController()
    const response = await transport.send(post(fake.url, { signal: controller.signal }))
    const reader = response.body!.getReader()
    await reader.read()
    controller.abort()
    const error = await reader.read().catch((thrown: unknown) => thrown)
    expect(toTransportError(error, { phase: 'body', host: 'x', signal: controller.signal }).code).toBe('client_closed_request')
    expect(await fake.requests[0]!.ended).toBe('aborted')
  })

  test('a discarded answer closes its connection', async () => {
    const fake = await upstream({ body: ['data: 1\n\n', { stall: true }] })
    discardBody(await transport.send(post(fake.url)))
    expect(await fake.requests[0]!.ended).toBe('aborted')
  })
})

describe('the connect probe', () => {
  test('tells a listener from a closed port', async () => {
    const fake = await upstream()
    expect(await waitConnected(fake.url, 60_000)).toBe('connected')
    expect(await waitConnected('http://127.0.0.1:1', 60_000)).toBe('refused')
  })

  test('gives up when the signal says so', async () => {
    const controller = new AbortController()
    controller.abort()
    expect(await waitConnected('http://127.0.0.1:1', 60_000, controller.signal)).toBe('aborted')
  })
})

function discardAndAnswer(socket: net.Socket): void {
  let missing = -1
  let head = ''
  socket.on('error', () => {})
  socket.on('data', (chunk: Buffer) => {
    let size = chunk.length
    if (missing === -1) {
      head += chunk.toString('latin1')
      const end = head.indexOf('\r\n\r\n')
      if (end === -1) return
      size = head.length - end - 4
      missing = Number(/content-length: (\d+)/i.exec(head)?.[1])
    }
    missing -= size
    if (missing === 0) socket.end('HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok')
  })
}

/** Highest resident size of this process since it began, in MB; 0 where the system does not tell. */
function peakMemoryMb(): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024
  } catch {
    return 0
  }
}
