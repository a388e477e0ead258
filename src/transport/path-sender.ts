import { isIP } from 'node:net'
import { withAddress, type AddressGuard } from './address-guard.ts'
import { bare } from './destination.ts'
import { Dialer, MOST_ADDRESSES } from './dial.ts'
import type { EgressPath } from './egress.settings.schema.ts'
import type { FetchFunction, FetchInit } from './fetch-function.ts'
import { SocketClient } from './socket-client.ts'
import { trusting } from './tls-client.ts'
import { toTransportError } from './transport-error.ts'
import type { UpstreamRequest } from './transport.ts'

export interface PathSenderOptions {
  readonly fetch: FetchFunction
  readonly guard: AddressGuard
  /** Whether `fetch` takes certificates, and the name of a TLS server apart from its address. */
  readonly canPin?: boolean
}

/** What `fetch` would be called with. */
export interface Fetching {
  /** A proxy of the environment is in between. */
  readonly isProxied: boolean
  /** Made afresh for every call, body included. */
  readonly init: () => FetchInit
}

/** Sends requests whose way was chosen: by the runtime's `fetch` where it can go it, over sockets of our own elsewhere. */
export class PathSender {
  private readonly fetch: FetchFunction
  private readonly guard: AddressGuard
  private readonly canPin: boolean
  private readonly sockets: SocketClient

  constructor({ fetch, guard, canPin = 'Bun' in globalThis }: PathSenderOptions) {
    this.fetch = fetch
    this.guard = guard
    this.canPin = canPin
    this.sockets = new SocketClient(new Dialer(guard))
  }

  async send(request: UpstreamRequest, path: EgressPath, fetching: Fetching): Promise<Response> {
    const { proxy, publicOnly, trusted } = path
    if (typeof proxy === 'object') return this.sockets.send(request, path)
    if (publicOnly && !fetching.isProxied)
      return this.canPin ? this.pinned(request, fetching, trusted) : this.sockets.send(request, path)
    // The proxy of the environment resolves names itself.
    if (publicOnly) this.guard.checkSpelling(new URL(request.url))
    if (trusted.length === 0) return this.fetch(request.url, fetching.init())
    return this.canPin || fetching.isProxied
      ? this.fetch(request.url, { ...fetching.init(), tls: trusting(trusted) })
      : this.sockets.send(request, path)
  }

  /** To an address that was checked, under the name that was given; to the next one where nobody takes the connection. */
  private async pinned(request: UpstreamRequest, { init }: Fetching, trusted: readonly string[]): Promise<Response> {
    const url = new URL(request.url)
    const { host } = url
    const name = bare(url.hostname)
    const addresses = (await this.guard.addressesOf(url)).slice(0, MOST_ADDRESSES)
    request.signal.throwIfAborted()
    const serverName = isIP(name) === 0 ? { serverName: name } : {}
    let failed: unknown
    for (const address of addresses) {
      const options = init()
      try {
        return await this.fetch(withAddress(url, address), {
          ...options,
          headers: { ...options.headers, host },
          tls: { ...trusting(trusted), ...serverName },
        })
      } catch (error) {
        failed = error
        if (toTransportError(error, { phase: 'headers', host }).details?.['reason'] !== 'refused') throw error
      }
    }
    throw failed
  }
}
