import { afterEach, describe, expect, test } from 'bun:test'
import net, { type AddressInfo } from 'node:net'
import { systemClock } from '../lib/clock.ts'
import { AddressGuard } from './address-guard.ts'
import { Dialer } from './dial.ts'
import { anyWay } from './egress.settings.schema.ts'
import { toTransportError } from './transport-error.ts'

const servers: net.Server[] = []
afterEach(() => servers.splice(0).forEach((server) => server.close()))

/** A server that takes connections and says nothing. `closed` resolves when one of them is over. */
async function silentServer() {
  const ended = Promise.withResolvers<void>()
  const server = net.createServer((socket) => {
    // Read and thrown away: one that is not read never ends.
    socket.on('error', () => undefined).on('close', () => ended.resolve())
    socket.resume()
  })
  servers.push(server)
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  return { port: (server.address() as AddressInfo).port, closed: ended.promise }
}

const dialer = (connectMs?: number): Dialer => new Dialer(new AddressGuard({ clock: systemClock }), connectMs)
const failureOf = (connecting: Promise<unknown>): Promise<unknown> =>
  connecting.then(
    () => 'connected',
    (error: unknown) => error,
  )

describe('a connection', () => {
  test('whose other side never shakes hands is given up, though nobody aborts anything', async () => {
    const { port, closed } = await silentServer()
    const error = await failureOf(dialer(20).connect(new URL(`https://127.0.0.1:${port}/`), anyWay(false)))
    await closed
    expect(toTransportError(error, { phase: 'headers', host: 'up' })).toMatchObject({
      code: 'upstream_connect_failed',
      details: { reason: 'connect_timeout', sent: false },
    })
  })

  test('that has been made in time stays open', async () => {
    const { port } = await silentServer()
    const socket = await dialer(60_000).connect(new URL(`http://127.0.0.1:${port}/`), anyWay(false))
    expect(socket.destroyed).toBe(false)
    socket.destroy()
  })

  test('through a proxy whose answer has no end is given up', async () => {
    const server = net.createServer((socket) => {
      socket.on('error', () => undefined)
      socket.write('HTTP/1.1 200 OK\r\n')
      const flood = (): boolean => socket.write('x'.repeat(8_192))
      socket.on('drain', flood)
      flood()
      flood()
    })
    servers.push(server)
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
    const { port } = server.address() as AddressInfo
    const proxy = { protocol: 'http', host: '127.0.0.1', port, user: undefined, password: undefined } as const
    const error = await failureOf(dialer().connect(new URL('https://up.test/'), { ...anyWay(false), id: 'flood', proxy }))
    expect(error).toMatchObject({ code: 'egress_failed', message: expect.stringContaining('egress flood') })
  })

  test('that nobody takes fails with what the system says', async () => {
    const { port } = await silentServer()
    servers.splice(0).forEach((server) => server.close())
    const error = await failureOf(dialer().connect(new URL(`http://127.0.0.1:${port}/`), anyWay(false)))
    expect(error).toMatchObject({ code: 'ECONNREFUSED' })
  })
})
