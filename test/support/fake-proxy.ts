import net, { type Socket } from 'node:net'
import tls from 'node:tls'
import { SERVER_CERTIFICATE, SERVER_KEY } from './certificates.data.ts'

/** What a proxy does with everybody who asks. */
export interface ProxyBehaviour {
  /** `user:password` it wants; others are refused. */
  readonly login?: string
  /** Takes the connection and says nothing. */
  readonly silent?: boolean
  /** Status of an HTTP proxy, or reply of a SOCKS one, instead of a connection. */
  readonly refusal?: number
  /** Speaks something else. */
  readonly garbage?: boolean
  /** The way to an HTTP proxy is encrypted. */
  readonly encrypted?: boolean
  /** Where names lead to: real ones are never resolved. */
  readonly hosts?: Readonly<Record<string, string>>
}

export interface FakeProxy {
  readonly port: number
  /** `host:port` of every destination that was asked for, and whole addresses of plain HTTP. */
  readonly asked: readonly string[]
  /** Connections that were accepted. */
  readonly accepted: number
  close(): Promise<void>
}

/** An HTTP proxy on loopback: tunnels, and whole requests to plain HTTP. */
export const startHttpProxy = (behaviour: ProxyBehaviour = {}): Promise<FakeProxy> =>
  startProxy(behaviour, (socket, asked) => {
    socket.once('data', (first: Buffer) => {
      const [line = '', ...fields] = first.toString('latin1').split('\r\n')
      const [method, target = ''] = line.split(' ')
      asked.push(target)
      const given = fields.find((field) => /^proxy-authorization:/i.test(field))?.split(' ')[2]
      if (behaviour.garbage === true) return socket.end('220 ready\r\n\r\n')
      if (behaviour.login !== undefined && given !== btoa(behaviour.login))
        return socket.end('HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n')
      if (behaviour.refusal !== undefined) return socket.end(`HTTP/1.1 ${behaviour.refusal} No\r\ncontent-length: 0\r\n\r\n`)
      if (method === 'CONNECT') {
        const { hostname, port } = new URL(`http://${target}`)
        return connect(socket, placeOf(behaviour, hostname, port), () => void socket.write('HTTP/1.1 200 OK\r\n\r\n'))
      }
      const { hostname, port, pathname } = new URL(target)
      const kept = fields.filter((field) => !/^proxy-/i.test(field))
      const head = Buffer.from([`${method} ${pathname} HTTP/1.1`, ...kept].join('\r\n'), 'latin1')
      return connect(socket, placeOf(behaviour, hostname, port), (onward) => void onward.write(head))
    })
  })

/** A SOCKS5 proxy on loopback. */
export const startSocksProxy = (behaviour: ProxyBehaviour = {}): Promise<FakeProxy> =>
  startProxy(behaviour, (socket, asked) => {
    const login = behaviour.login
    const request = (bytes: Buffer): void => {
      const kind = bytes[3]
      const length = kind === 1 ? 4 : kind === 4 ? 16 : 1 + (bytes[4] ?? 0)
      const host =
        kind === 1
          ? bytes.subarray(4, 8).join('.')
          : kind === 4
            ? bytes.subarray(4, 20).toString('hex')
            : bytes.subarray(5, 4 + length).toString()
      const port = bytes.readUInt16BE(4 + length)
      asked.push(`${host}:${port}`)
      const answer = (reply: number): boolean => socket.write(Uint8Array.from([5, reply, 0, 1, 0, 0, 0, 0, 0, 0]))
      if (behaviour.refusal !== undefined) answer(behaviour.refusal)
      else connect(socket, placeOf(behaviour, host, String(port)), () => void answer(0))
    }
    socket.once('data', (greeting: Buffer) => {
      if (behaviour.garbage === true) return socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')
      const wanted = login === undefined ? 0 : 2
      if (!greeting.subarray(2).includes(wanted)) return socket.end(Uint8Array.from([5, 255]))
      socket.write(Uint8Array.from([5, wanted]))
      if (login === undefined) return socket.once('data', request)
      return socket.once('data', (bytes: Buffer) => {
        const userLength = bytes[1] ?? 0
        const given = `${bytes.subarray(2, 2 + userLength).toString()}:${bytes.subarray(3 + userLength).toString()}`
        socket.write(Uint8Array.from([1, given === login ? 0 : 1]))
        socket.once('data', request)
      })
    })
  })

async function startProxy(behaviour: ProxyBehaviour, serve: (socket: Socket, asked: string[]) => void): Promise<FakeProxy> {
  const asked: string[] = []
  const sockets = new Set<Socket>()
  let accepted = 0
  const take = (socket: Socket): void => {
    accepted++
    sockets.add(socket)
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket))
    if (behaviour.silent !== true) serve(socket, asked)
  }
  const server =
    behaviour.encrypted === true ? tls.createServer({ cert: SERVER_CERTIFICATE, key: SERVER_KEY }, take) : net.createServer(take)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as net.AddressInfo).port,
    asked,
    get accepted() {
      return accepted
    },
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy()
        server.close(() => resolve())
      }),
  }
}

interface Place {
  readonly host: string
  readonly port: number
}

const placeOf = ({ hosts = {} }: ProxyBehaviour, host: string, port: string): Place => ({
  host: hosts[host] ?? host,
  port: Number(port) || 80,
})

/** Joins the client with its destination; what goes out first is up to `opened`. */
function connect(socket: Socket, place: Place, opened: (onward: Socket) => void): void {
  socket.pause()
  const onward = net.connect(place)
  onward.on('error', () => socket.destroy()).on('close', () => socket.destroy())
  socket.on('close', () => onward.destroy())
  onward.once('connect', () => {
    opened(onward)
    socket.pipe(onward)
    onward.pipe(socket)
  })
}
