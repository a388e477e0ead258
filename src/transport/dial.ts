import net, { type Socket } from 'node:net'
import tls from 'node:tls'
import { GatewayError } from '../errors/gateway-error.ts'
import type { AddressGuard } from './address-guard.ts'
import { destinationOf, type Destination } from './destination.ts'
import type { EgressPath, ProxySettings } from './egress.settings.schema.ts'
import { openTunnel } from './http-tunnel.ts'
import { proxyError } from './proxy-error.ts'
import { openSocks5 } from './socks5.ts'
import { tlsClient } from './tls-client.ts'

/** Longest wait for a proxy to take a connection and to open the way on. */
const PROXY_MS = 10_000
/** Longest wait for a whole connection, encryption included. */
const CONNECT_MS = 30_000
/** Addresses of a name that are tried in turn. */
export const MOST_ADDRESSES = 3

/** Opens connections the way an egress path says. */
export class Dialer {
  private readonly guard: AddressGuard
  private readonly connectMs: number

  constructor(guard: AddressGuard, connectMs = CONNECT_MS) {
    this.guard = guard
    this.connectMs = connectMs
  }

  /**
   * A connection over which HTTP with the origin of `url` can be spoken, encrypted where its scheme says so. Rejects with `egress_failed`
   * when the proxy is at fault, and with the socket's own error otherwise, `ETIMEDOUT` of `connect` when it took too long. Connections
   * outlive the request that wanted them, so they have a time limit of their own.
   */
  connect(url: URL, path: EgressPath): Promise<Socket> {
    return inTime(this.connectMs, tookTooLong, async (given) => {
      const plain = await this.open(url, path, given)
      return url.protocol === 'https:' ? encrypt(plain, destinationOf(url).host, path.trusted, given) : plain
    })
  }

  private async open(url: URL, path: EgressPath, given: AbortSignal): Promise<Socket> {
    const destination = destinationOf(url)
    const { proxy } = path
    if (proxy === undefined || proxy === 'environment')
      return connectToFirst(path.publicOnly ? await this.guard.addressesOf(url) : [destination.host], destination.port, given)
    const host = path.publicOnly ? await this.hostFor(url, proxy) : destination.host
    return throughProxy(path, proxy, { ...destination, host }, url.protocol === 'http:')
  }

  /** What a proxy is asked for: an address that was checked where names are resolved here. */
  private async hostFor(url: URL, { protocol }: ProxySettings): Promise<string> {
    if (protocol === 'socks5') return (await this.guard.addressesOf(url))[0] ?? ''
    this.guard.checkSpelling(url)
    return destinationOf(url).host
  }
}

/** An HTTP proxy takes requests to plain HTTP as they are (RFC 9112, section 3.2.2); everything else goes through a tunnel. */
export const takesWholeRequests = ({ proxy }: EgressPath, url: URL): boolean =>
  typeof proxy === 'object' && !proxy.protocol.startsWith('socks') && url.protocol === 'http:'

async function throughProxy(path: EgressPath, proxy: ProxySettings, destination: Destination, isPlain: boolean): Promise<Socket> {
  const { id } = path
  const late = (): Error => proxyError(id, `did not answer within ${PROXY_MS / 1000} s`)
  try {
    return await inTime(PROXY_MS, late, async (given) => {
      let socket = await connectToFirst([proxy.host], proxy.port, given)
      if (proxy.protocol === 'https') socket = await encrypt(socket, proxy.host, path.trusted, given)
      await closingWith(socket, given, async () => {
        if (proxy.protocol.startsWith('socks')) await openSocks5(socket, proxy, destination, id)
        else if (!isPlain) await openTunnel(socket, proxy, destination, id)
      })
      return socket
    })
  } catch (error) {
    if (error instanceof GatewayError) throw error
    throw proxyError(id, `cannot be used (${codeOf(error)})`, error)
  }
}

const tookTooLong = (): Error => Object.assign(new Error('no connection in time'), { code: 'ETIMEDOUT', syscall: 'connect' })

/** What `work` opens within so many milliseconds. It is told when they are over, closes what it has, and `late` says what went wrong. */
async function inTime(ms: number, late: () => Error, work: (given: AbortSignal) => Promise<Socket>): Promise<Socket> {
  const given = new AbortController()
  // A plain timer: sockets know no manual clock.
  const timer = setTimeout(() => given.abort(), ms)
  try {
    return await work(given.signal)
  } catch (error) {
    throw given.signal.aborted ? late() : error
  } finally {
    clearTimeout(timer)
  }
}

/** Does something with a socket, which is closed when that fails or the time for it is over. */
async function closingWith<Result>(socket: Socket, given: AbortSignal, work: () => Promise<Result>): Promise<Result> {
  const close = (): void => void socket.destroy()
  if (given.aborted) close()
  given.addEventListener('abort', close, { once: true })
  try {
    return await work()
  } catch (error) {
    close()
    throw error
  } finally {
    given.removeEventListener('abort', close)
  }
}

async function connectToFirst(addresses: readonly string[], port: number, given: AbortSignal): Promise<Socket> {
  let failed: unknown
  for (const host of addresses.slice(0, MOST_ADDRESSES)) {
    if (given.aborted) break
    try {
      return await opened(net.connect({ host, port, noDelay: true }), 'connect', given)
    } catch (error) {
      failed = error
    }
  }
  throw failed
}

function encrypt(socket: Socket, host: string, trusted: readonly string[], given: AbortSignal): Promise<Socket> {
  return opened(tls.connect({ socket, ...tlsClient(host, trusted), ALPNProtocols: ['http/1.1'] }), 'secureConnect', given)
}

function opened<Kind extends Socket>(socket: Kind, event: 'connect' | 'secureConnect', given: AbortSignal): Promise<Kind> {
  return closingWith(
    socket,
    given,
    () =>
      new Promise((resolve, reject) => {
        // The listener stays: a second error of a socket that nobody hears would end the process.
        socket.on('error', reject)
        socket.once('close', () => reject(Object.assign(new Error('closed'), { code: 'ECONNRESET' })))
        socket.once(event, () => resolve(socket))
      }),
  )
}

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : 'failed')
