import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { GatewayError } from '../errors/gateway-error.ts'
import { createAddressMatcher } from '../runtime/address-ranges.ts'
import { PRIVATE_RANGES } from './private-ranges.data.ts'
import { toTransportError } from './transport-error.ts'

/** A message to an address that somebody has typed. */
export interface GuardedRequest {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly signal: AbortSignal
  /** Whether it may go to this machine and to private networks. */
  readonly allowPrivate: boolean
}

export interface GuardedTransport {
  /**
   * Posts, following no redirect. Rejects with `upstream_connect_failed` when the host is, or resolves to, an address that is not allowed,
   * and like a `Transport` otherwise.
   */
  post(request: GuardedRequest): Promise<Response>
}

interface GuardedInit {
  readonly method: 'POST'
  readonly headers: Record<string, string>
  readonly body: string
  readonly signal: AbortSignal
  readonly redirect: 'manual'
  readonly timeout: false
  readonly proxy?: false
  readonly tls?: { readonly serverName: string }
}

export interface GuardedTransportOptions {
  /** Whether a URL is reached through a proxy, which then resolves the name itself. */
  readonly proxied?: ((url: URL) => boolean) | undefined
  /** Default: the runtime's. */
  readonly fetch?: ((url: string, init: GuardedInit) => Promise<Response>) | undefined
  /** Every address of a host name. */
  readonly resolve?: ((host: string) => Promise<readonly string[]>) | undefined
  /** Whether the runtime takes the name of a TLS server apart from its address; without, the name is resolved a second time. */
  readonly canPin?: boolean | undefined
}

const isPrivate = createAddressMatcher(PRIVATE_RANGES)

/**
 * Sends to addresses that come from people. A name is resolved once and the connection goes to the address that was checked, so that a name
 * cannot point somewhere else a moment later.
 */
export function createGuardedTransport(options: GuardedTransportOptions = {}): GuardedTransport {
  const send = options.fetch ?? ((url: string, init: GuardedInit) => fetch(url, init))
  const resolve = options.resolve ?? addressesOf
  const canPin = options.canPin ?? 'Bun' in globalThis
  return {
    async post({ url: text, headers, body, signal, allowPrivate }) {
      const url = new URL(text)
      const proxied = options.proxied?.(url) === true
      const init = { method: 'POST', body, signal, redirect: 'manual', timeout: false } as const
      const direct = proxied ? undefined : { proxy: false as const }
      try {
        const address = allowPrivate ? undefined : await publicAddress(url, { proxied, resolve, signal })
        if (address === undefined || !canPin) return await send(text, { ...init, ...direct, headers: { ...headers } })
        const { host, hostname } = url
        url.hostname = isIP(address) === 6 ? `[${address}]` : address
        return await send(url.href, { ...init, ...direct, headers: { ...headers, host }, tls: { serverName: hostname } })
      } catch (error) {
        throw toTransportError(error, { phase: 'headers', host: new URL(text).host, signal })
      }
    },
  }
}

interface Resolving {
  readonly proxied: boolean
  readonly resolve: (host: string) => Promise<readonly string[]>
  readonly signal: AbortSignal
}

/** The address to connect to, after all that the name has were checked; undefined when the name is not ours to resolve, or none. */
async function publicAddress(url: URL, { proxied, resolve, signal }: Resolving): Promise<string | undefined> {
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (isIP(host) !== 0) {
    if (isPrivate(host)) throw notAllowed(url)
    return undefined
  }
  if (/(^|\.)localhost\.?$/i.test(host)) throw notAllowed(url)
  if (proxied) return undefined
  const addresses = await resolve(host)
  signal.throwIfAborted()
  if (addresses.some(isPrivate)) throw notAllowed(url)
  return addresses[0]
}

const notAllowed = ({ host }: URL): GatewayError =>
  new GatewayError(
    'upstream_connect_failed',
    `${host} is on this machine or a private network, which is not allowed for this destination. Set allow_private: true if it is meant.`,
    { details: { reason: 'private_address', sent: false, host } },
  )

const addressesOf = async (host: string): Promise<readonly string[]> =>
  (await lookup(host, { all: true })).map(({ address }) => address)
