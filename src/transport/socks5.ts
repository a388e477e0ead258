import { isIP, isIPv6, type Socket } from 'node:net'
import type { Destination } from './destination.ts'
import type { ProxySettings } from './egress.settings.schema.ts'
import { beyondProxyError, proxyError } from './proxy-error.ts'
import { SocketReader } from './socket-reader.ts'

const VERSION = 5
const NO_AUTHENTICATION = 0
const USER_AND_PASSWORD = 2
/** Replies about the destination and not about the proxy (RFC 1928, section 6): network, host, refused, time to live. */
const BEYOND: ReadonlySet<number> = new Set([3, 4, 5, 6])

/** Asks a SOCKS5 proxy (RFC 1928, RFC 1929) for a connection. Afterwards the socket leads to the destination. */
export async function openSocks5(
  socket: Socket,
  proxy: ProxySettings,
  { host, port }: Destination,
  egress: string,
): Promise<void> {
  const reader = new SocketReader(socket)
  const { user, password } = proxy
  const methods = user === undefined ? [NO_AUTHENTICATION] : [NO_AUTHENTICATION, USER_AND_PASSWORD]
  socket.write(Uint8Array.from([VERSION, methods.length, ...methods]))
  const [version, method] = await reader.exactly(2)
  if (version !== VERSION) throw proxyError(egress, 'does not speak SOCKS5')
  if (method === USER_AND_PASSWORD && user !== undefined) {
    socket.write(Buffer.concat([Uint8Array.of(1), counted(user), counted(password?.reveal() ?? '')]))
    if ((await reader.exactly(2))[1] !== 0) throw proxyError(egress, 'refused user and password')
  } else if (method !== NO_AUTHENTICATION) throw proxyError(egress, 'wants a login that is not configured')

  socket.write(Buffer.concat([Uint8Array.of(VERSION, 1, 0), addressBytes(host), Uint8Array.of(port >> 8, port & 255)]))
  const [, reply = 1, , kind] = await reader.exactly(4)
  if (BEYOND.has(reply)) throw beyondProxyError(egress, host)
  if (reply !== 0) throw proxyError(egress, `refused the connection (SOCKS reply ${reply})`)
  // The address it has bound, which nobody needs.
  const length = kind === 1 ? 4 : kind === 4 ? 16 : ((await reader.exactly(1))[0] ?? 0)
  await reader.exactly(length + 2)
  if (!reader.release()) throw proxyError(egress, 'has sent more than it was asked for')
}

/** A text of up to 255 bytes behind its length. */
function counted(text: string): Buffer {
  const bytes = Buffer.from(text)
  return Buffer.concat([Uint8Array.of(Math.min(bytes.length, 255)), bytes.subarray(0, 255)])
}

function addressBytes(host: string): Buffer {
  if (isIP(host) === 0) return Buffer.concat([Uint8Array.of(3), counted(host)])
  return isIPv6(host) ? Buffer.from([4, ...ipv6Bytes(host)]) : Buffer.from([1, ...host.split('.').map(Number)])
}

const groups = (text: string): number[] => (text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16)))

/** The sixteen bytes of an address as `URL` and resolvers write it. */
function ipv6Bytes(address: string): number[] {
  const { hostname } = new URL(`http://[${address}]`)
  const [head = '', tail] = hostname.slice(1, -1).split('::')
  const left = groups(head)
  const right = tail === undefined ? [] : groups(tail)
  const all = [...left, ...Array<number>(8 - left.length - right.length).fill(0), ...right]
  return all.flatMap((group) => [group >> 8, group & 255])
}
