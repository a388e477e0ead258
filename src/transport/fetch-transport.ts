import { GatewayError } from '../errors/gateway-error.ts'
import type { Clock } from '../lib/clock.ts'
import { AddressGuard, withAddress } from './address-guard.ts'
import { waitConnected } from './connect-probe.ts'
import { discardBody } from './discard-body.ts'
import { MOST_ADDRESSES } from './dial.ts'
import type { EgressPath } from './egress.settings.schema.ts'
import type { FetchFunction, FetchInit } from './fetch-function.ts'
import { isLoopbackHost } from './loopback.ts'
import { OriginWarmth } from './origin-warmth.ts'
import { PathSender } from './path-sender.ts'
import { JoinBuffer, toFetchBody } from './request-body.ts'
import { toTransportError } from './transport-error.ts'
import type { Transport, UpstreamRequest } from './transport.ts'

export interface FetchTransportOptions {
  readonly clock: Pick<Clock, 'now'>
  /** Default: the runtime's. */
  readonly fetch?: FetchFunction
  /** Whether a URL is reached through a proxy of the environment (`environmentProxy`). Default: never, and then no proxy is used. */
  readonly proxied?: (url: URL) => boolean
  /** TCP connect used by `isReachable`. */
  readonly probe?: typeof waitConnected
  /** Whether requests may leave this machine now. Default: they may. */
  readonly mayLeave?: () => boolean
  /** Every address of a host name, for requests that may go to public addresses only. Default: the system's resolver. */
  readonly resolve?: (host: string) => Promise<readonly string[]>
}

interface OriginFacts {
  readonly host: string
  readonly proxied: boolean
  readonly isLocal: boolean
}

const MAX_ORIGINS = 1024

/** HTTP over the runtime's fetch. Redirects are errors, answers are decoded, proxies are used only where `proxied` says so. */
export function createFetchTransport(options: FetchTransportOptions): Transport {
  const send: FetchFunction = options.fetch ?? ((url, init) => fetch(url, init as RequestInit))
  const probe = options.probe ?? waitConnected
  const warmth = new OriginWarmth(options.clock)
  const origins = new Map<string, OriginFacts>()
  const buffer = new JoinBuffer()
  const guard = new AddressGuard(options)
  const paths = new PathSender({ fetch: send, guard })

  const factsOf = (origin: string): OriginFacts => {
    const known = origins.get(origin)
    if (known !== undefined) return known
    const url = new URL(origin)
    const isLocal = isLoopbackHost(url.hostname)
    const facts = { host: url.host, isLocal, proxied: !isLocal && options.proxied?.(url) === true }
    if (origins.size >= MAX_ORIGINS) origins.clear()
    origins.set(origin, facts)
    return facts
  }

  const sendAlong = (request: UpstreamRequest, path: EgressPath, { proxied }: OriginFacts): Promise<Response> => {
    if (path.closed !== undefined) throw closed(request, `Egress ${path.id} ${path.closed}.`)
    const isProxied = proxied && path.proxy === 'environment'
    return paths.send(request, path, { isProxied, init: () => toInit(request, isProxied, buffer) })
  }

  return {
    async send(request) {
      const origin = request.origin ?? new URL(request.url).origin
      const facts = factsOf(origin)
      if (options.mayLeave?.() === false && !facts.isLocal)
        throw closed(request, 'Nothing leaves this machine: server.egress_enabled is false.')
      try {
        const response =
          request.egress === undefined
            ? await send(request.url, toInit(request, facts.proxied, buffer))
            : await sendAlong(request, request.egress, facts)
        warmth.note(origin)
        return response.status >= 300 && response.status < 400 ? refuseRedirect(response, request, facts.host) : decoded(response)
      } catch (error) {
        throw toTransportError(error, { phase: 'headers', host: facts.host, provider: request.provider, signal: request.signal })
      }
    },
    async isReachable(origin, timeoutMs, signal, egress) {
      const proxy = egress === undefined ? 'environment' : egress.proxy
      if (typeof proxy === 'object' || (proxy === 'environment' && factsOf(origin).proxied)) return true
      if (egress?.publicOnly !== true) return (await probe(origin, timeoutMs, signal)) === 'connected'
      const url = new URL(origin)
      for (const address of (await guard.addressesOf(url)).slice(0, MOST_ADDRESSES))
        if ((await probe(withAddress(url, address), timeoutMs, signal)) === 'connected') return true
      return false
    },
    isWarm: (origin) => warmth.isWarm(origin),
  }
}

type Mutable<Value> = { -readonly [Key in keyof Value]: Value[Key] }

function toInit(request: UpstreamRequest, proxied: boolean, buffer: JoinBuffer): FetchInit {
  const { method, signal } = request
  const { body, length } = toFetchBody(request.body, buffer)
  const headers = length === undefined ? request.headers : { ...request.headers, 'content-length': String(length) }
  const init: Mutable<FetchInit> = { method, headers, body, signal, redirect: 'manual', timeout: false }
  if (body instanceof ReadableStream) init.duplex = 'half'
  if (!proxied) init.proxy = false
  return init
}

/** Both runtimes undo `content-encoding` but leave the header and the length of the packed bytes standing. */
function decoded(response: Response): Response {
  if (!response.headers.has('content-encoding')) return response
  try {
    response.headers.delete('content-encoding')
    response.headers.delete('content-length')
    return response
  } catch {
    // Node: headers of a fetched response cannot be changed
    const headers = new Headers(response.headers)
    headers.delete('content-encoding')
    headers.delete('content-length')
    return new Response(response.body, { status: response.status, statusText: response.statusText, headers })
  }
}

const closed = ({ provider }: UpstreamRequest, why: string): GatewayError =>
  new GatewayError('egress_disabled', `${why} Nothing was sent. Call another provider, or change the configuration.`, {
    details: { reason: 'egress_disabled', sent: false },
    ...(provider === undefined ? {} : { provider }),
  })

/** Following a redirect would send the credential to a host nobody configured. */
function refuseRedirect(response: Response, request: UpstreamRequest, host: string): never {
  discardBody(response)
  const to = originOf(response.headers.get('location'), request.url)
  const who = request.provider === undefined ? host : `Provider ${request.provider}`
  throw new GatewayError(
    'upstream_bad_response',
    `${who} answered with a redirect (${response.status})${to === undefined ? '' : ` to ${to}`}, which is not followed. Put the final address into base_url.`,
    {
      details: { reason: 'redirect', sent: true, host },
      ...(request.provider === undefined ? {} : { provider: request.provider }),
    },
  )
}

function originOf(location: string | null, base: string): string | undefined {
  if (location === null) return undefined
  return URL.parse(location, base)?.origin
}
