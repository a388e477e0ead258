import { afterEach, describe, expect, test } from 'bun:test'
import net, { type AddressInfo, type Socket } from 'node:net'
import { zstdCompressSync } from 'node:zlib'
import { systemClock } from '../lib/clock.ts'
import { AddressGuard } from './address-guard.ts'
import { Dialer } from './dial.ts'
import { anyWay } from './egress.settings.schema.ts'
import { SocketClient } from './socket-client.ts'
import type { UpstreamBody } from './transport.ts'

const servers: net.Server[] = []
afterEach(() => servers.splice(0).forEach((server) => server.close()))

/** Sends to a server that does `answer` once bytes of a request have come. `closed` resolves when its connection is over. */
async function sendTo(answer: (socket: Socket) => unknown, body?: UpstreamBody) {
  const ended = Promise.withResolvers<void>()
  const server = net.createServer((socket) => {
    socket.on('error', () => undefined).on('close', () => ended.resolve())
    socket.once('data', () => answer(socket))
  })
  servers.push(server)
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const client = new SocketClient(new Dialer(new AddressGuard({ clock: systemClock })))
  const request = { url, method: 'POST', headers: {}, body, signal: new AbortController().signal }
  return { answered: client.send(request, anyWay(false)), closed: ended.promise }
}

const bodyThat = (
  pull: (controller: ReadableStreamDefaultController<Uint8Array>) => Promise<void>,
  cancel: () => void = () => undefined,
): UpstreamBody => ({
  stream: new ReadableStream<Uint8Array>({ pull, cancel }),
  length: undefined,
})

describe('an answer', () => {
  test('without a body may have any status that says so', async () => {
    const { answered } = await sendTo((socket) => socket.end('HTTP/1.1 205 Reset Content\r\ncontent-length: 0\r\n\r\n'))
    const response = await answered
    expect([response.status, response.body]).toEqual([205, null])
  })

  test('with a status that HTTP does not have is told as malformed, and its connection closed', async () => {
    const { answered, closed } = await sendTo((socket) => socket.write('HTTP/1.1 999 ?\r\ncontent-length: 2\r\n\r\nok'))
    expect(answered).rejects.toMatchObject({ code: 'InvalidHTTPResponse' })
    await closed
  })

  test('that breaks off while it is unpacked is no whole one', async () => {
    const packed = zstdCompressSync(Buffer.alloc(100_000, 'a'))
    const { answered } = await sendTo((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-encoding: zstd\r\ncontent-length: ${packed.length}\r\n\r\n`)
      socket.end(packed.subarray(0, 10))
    })
    expect((await answered).text()).rejects.toThrow()
  })
})

test('a request that was given up before it was sent connects to nobody', async () => {
  let connections = 0
  const server = net.createServer((socket) => void (connections++, socket.destroy()))
  servers.push(server)
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const client = new SocketClient(new Dialer(new AddressGuard({ clock: systemClock })))
  const gone = new Error('gone')
  const request = { url, method: 'POST', headers: {}, body: '{}', signal: AbortSignal.abort(gone) }
  expect(await client.send(request, anyWay(false)).catch((error: unknown) => error)).toBe(gone)
  expect(connections).toBe(0)
})

describe('a body that is sent as it comes', () => {
  test('is given up when the upstream answers without it', async () => {
    const given = Promise.withResolvers<void>()
    const { answered } = await sendTo(
      (socket) => socket.end('HTTP/1.1 413 Too Large\r\nconnection: close\r\ncontent-length: 2\r\n\r\nno'),
      bodyThat(async (controller) => {
        await new Promise((resolve) => setImmediate(resolve))
        controller.enqueue(new Uint8Array(1024))
      }, given.resolve),
    )
    expect((await answered).status).toBe(413)
    await given.promise
  })

  test('takes its connection with it when it breaks off', async () => {
    let pieces = 0
    const { answered, closed } = await sendTo(
      () => undefined,
      bodyThat(async (controller) => {
        await new Promise((resolve) => setImmediate(resolve))
        if (pieces++ > 3) controller.error(new Error('the client is gone'))
        else controller.enqueue(new Uint8Array(8))
      }),
    )
    expect(answered).rejects.toThrow()
    await closed
  })
})
