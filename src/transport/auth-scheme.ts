import type { UnsentRequest } from './transport.ts'

/** How a key is attached to an upstream request. */
export type AuthScheme =
  | { readonly kind: 'none' }
  | { readonly kind: 'bearer' }
  | { readonly kind: 'header'; readonly name: string }
  | { readonly kind: 'query'; readonly name: string }

/** The headers that carry the key; none where it is empty or belongs into the address. */
export function keyHeaders(scheme: AuthScheme, key: string): Record<string, string> {
  if (key === '') return {}
  if (scheme.kind === 'bearer') return { authorization: `Bearer ${key}` }
  return scheme.kind === 'header' ? { [scheme.name.toLowerCase()]: key } : {}
}

/** The address with the key, where it belongs there. */
export function keyAddress(scheme: AuthScheme, key: string, address: string): string {
  if (scheme.kind !== 'query' || key === '') return address
  const url = URL.parse(address)
  if (url === null) return address // refused with the address itself
  url.searchParams.set(scheme.name, key)
  return url.href
}

/** The request with the key attached. */
export const withKey = (request: UnsentRequest, scheme: AuthScheme, key: string): UnsentRequest => ({
  ...request,
  url: keyAddress(scheme, key, request.url),
  headers: { ...request.headers, ...keyHeaders(scheme, key) },
})
