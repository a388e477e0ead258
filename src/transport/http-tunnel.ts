import type { Socket } from 'node:net'
import type { Destination } from './destination.ts'
import type { ProxySettings } from './egress.settings.schema.ts'
import { beyondProxyError, proxyError } from './proxy-error.ts'
import { SocketReader } from './socket-reader.ts'

const LONGEST_HEAD = 16_384
/** What proxies answer when the destination cannot be reached or is too slow. */
const BEYOND: ReadonlySet<number> = new Set([502, 503, 504])

/** Asks an HTTP proxy for a tunnel (RFC 9110, section 9.3.6). Afterwards the socket leads to the destination. */
export async function openTunnel(
  socket: Socket,
  proxy: ProxySettings,
  { host, port }: Destination,
  egress: string,
): Promise<void> {
  const authority = `${host.includes(':') ? `[${host}]` : host}:${port}`
  const authorization = proxyAuthorization(proxy)
  const lines = [`CONNECT ${authority} HTTP/1.1`, `host: ${authority}`]
  if (authorization !== undefined) lines.push(`proxy-authorization: ${authorization}`)
  socket.write(`${lines.join('\r\n')}\r\n\r\n`)
  const reader = new SocketReader(socket)
  const head = (await reader.head(LONGEST_HEAD)).toString('latin1')
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1])
  if (Number.isNaN(status)) throw proxyError(egress, 'does not speak HTTP')
  if (status === 407)
    throw proxyError(egress, proxy.user === undefined ? 'wants a login that is not configured' : 'refused user and password')
  if (BEYOND.has(status)) throw beyondProxyError(egress, host)
  if (status < 200 || status > 299) throw proxyError(egress, `refused to open a tunnel (status ${status})`)
  if (!reader.release()) throw proxyError(egress, 'has sent more than it was asked for')
}

/** What an HTTP proxy gets to know who asks. */
export function proxyAuthorization({ user, password }: ProxySettings): string | undefined {
  if (user === undefined) return undefined
  return `Basic ${Buffer.from(`${user}:${password?.reveal() ?? ''}`).toString('base64')}`
}
