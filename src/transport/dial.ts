import net, { type Socket } from 'node:net'
import tls from 'node:tls'
import { GatewayError } from '../errors/gateway-error.ts'
import { bare, type AddressGuard } from './address-guard.ts'
import type { EgressPath, ProxySettings } from './egress.settings.schema.ts'
import { openTunnel } from './http-tunnel.ts'
import { proxyError } from './proxy-error.ts'
import { openSocks5, type Destination } from './socks5.ts'

/** Longest wait for a proxy to take a connection and to open the way on. */
const PROXY_MS = 10_000
/** Addresses of a name that are tried in turn. */
export const MOST_ADDRESSES = 3

/** Opens connections the way an egress path says. */
export class Dialer {
  private readonly guard: AddressGuard

  constructor(guard: AddressGuard) {
    this.guard = guard
  }

  /**
   * A connection over which HTTP with the origin of `url` can be spoken, encrypted where its scheme says so. Rejects with `egress_failed`
   * when the proxy is at fault, and with the socket's own error otherwise.
   */
  async connect(url: URL, path: EgressPath): Promise<Socket> {
    const plain = await this.open(url, path)
    if (url.protocol !== 'https:') return plain
    return encrypt(plain, bare(url.hostname), path.trusted)
  }

  private async open(url: URL, path: EgressPath): Promise<Socket> {
    const destination = { host: bare(url.hostname), port: portOf(url) }
    const { proxy } = path
    if (proxy === undefined || proxy === 'environment')
      return connectToFirst(path.publicOnly ? await this.guard.addressesOf(url) : [destination.host], destination.port)
    const host = path.publicOnly ? await this.hostFor(url, proxy) : destination.host
    return throughProxy(path, proxy, { ...destination, host }, url.protocol === 'http:')
  }

  /** What a proxy is asked for: an address that was checked where names are resolved here. */
  private async hostFor(url: URL, { protocol }: ProxySettings): Promise<string> {
    if (protocol === 'socks5') return (await this.guard.addressesOf(url))[0] ?? ''
    this.guard.checkSpelling(url)
    return bare(url.hostname)
  }
}

/** An HTTP proxy takes requests to plain HTTP as they are (RFC 9112, section 3.2.2); everything else goes through a tunnel. */
export const takesWholeRequests = ({ proxy }: EgressPath, url: URL): boolean =>
  typeof proxy === 'object' && !proxy.protocol.startsWith('socks') && url.protocol === 'http:'

async function throughProxy(path: EgressPath, proxy: ProxySettings, destination: Destination, isPlain: boolean): Promise<Socket> {
  const { id } = path
  let socket: Socket | undefined
  const late = new AbortController()
  // A plain timer: sockets know no manual clock.
  const timer = setTimeout(() => late.abort(), PROXY_MS)
  const tooLate = new Promise<never>((_resolve, reject) => {
    late.signal.addEventListener('abort', () => reject(proxyError(id, `did not answer within ${PROXY_MS / 1000} s`)), {
      once: true,
    })
  })
  const opening = async (): Promise<Socket> => {
    socket = await connectToFirst([proxy.host], proxy.port, late.signal)
    if (proxy.protocol === 'https') socket = await encrypt(socket, proxy.host, path.trusted)
    if (proxy.protocol.startsWith('socks')) await openSocks5(socket, proxy, destination, id)
    else if (!isPlain) await openTunnel(socket, proxy, destination, id)
    return socket
  }
  try {
    return await Promise.race([opening(), tooLate])
  } catch (error) {
    socket?.destroy()
    if (error instanceof GatewayError) throw error
    throw proxyError(id, `cannot be used (${codeOf(error)})`, error)
  } finally {
    clearTimeout(timer)
  }
}

async function connectToFirst(addresses: readonly string[], port: number, late?: AbortSignal): Promise<Socket> {
  let failed: unknown
  for (const host of addresses.slice(0, MOST_ADDRESSES)) {
    const socket = net.connect({ host, port, noDelay: true })
    const giveUp = (): void => void socket.destroy()
    late?.addEventListener('abort', giveUp, { once: true })
    try {
      return await opened(socket, 'connect')
    } catch (error) {
      failed = error
    } finally {
      late?.removeEventListener('abort', giveUp)
    }
  }
  throw failed
}

function encrypt(socket: Socket, host: string, trusted: readonly string[]): Promise<Socket> {
  return opened(
    tls.connect({
      socket,
      host,
      ...(net.isIP(host) === 0 ? { servername: host } : {}),
      ...(trusted.length === 0 ? {} : { ca: [...tls.rootCertificates, ...trusted] }),
      ALPNProtocols: ['http/1.1'],
    }),
    'secureConnect',
  )
}

function opened<Kind extends Socket>(socket: Kind, event: 'connect' | 'secureConnect'): Promise<Kind> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => {
      socket.destroy()
      reject(error)
    }
    // The listener stays: a second error of a socket that nobody hears would end the process.
    socket.on('error', fail)
    socket.once('close', () => fail(Object.assign(new Error('closed'), { code: 'ECONNRESET' })))
    socket.once(event, () => resolve(socket))
  })
}

const portOf = ({ port, protocol }: URL): number => Number(port) || (protocol === 'https:' ? 443 : 80)

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : 'failed')
