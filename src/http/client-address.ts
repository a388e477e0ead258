import type { Peer } from './http-app.types.ts'

const MOST_HOPS = 32

/**
 * Address of the client behind trusted proxies: the last address of X-Forwarded-For that is no trusted proxy itself. Headers of
 * anybody else are ignored.
 */
export function clientAddress(
  headers: Headers,
  peer: Peer | undefined,
  isTrustedProxy: (address: string) => boolean,
): string | undefined {
  const address = addressOf(peer)
  if (address === undefined || !isTrustedProxy(address)) return address
  const hops = headers.get('x-forwarded-for')?.split(',').slice(-MOST_HOPS) ?? []
  let nearest = address
  for (const hop of hops.reverse()) {
    const candidate = withoutPort(hop.trim())
    if (candidate === '') break
    nearest = candidate
    if (!isTrustedProxy(candidate)) break
  }
  return nearest
}

/** The address under which a trusted proxy was called, if it says so: `scheme` and `host`. */
export function forwardedHost(
  headers: Headers,
  peer: Peer | undefined,
  isTrustedProxy: (address: string) => boolean,
): string | undefined {
  const host = headers.get('x-forwarded-host')
  if (host === null) return undefined
  const address = addressOf(peer)
  return address !== undefined && isTrustedProxy(address) ? host.split(',').at(-1)?.trim() : undefined
}

/** Servers hand other things to a handler as its second argument; only an address counts. */
function addressOf(peer: Peer | undefined): string | undefined {
  const address: unknown = peer?.address
  return typeof address === 'string' ? address : undefined
}

function withoutPort(hop: string): string {
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/.exec(hop)
  if (bracketed?.[1] !== undefined) return bracketed[1]
  return /^[\d.]+:\d+$/.test(hop) ? hop.slice(0, hop.indexOf(':')) : hop
}
