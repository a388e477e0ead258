import type { WireFormat } from '../ir/wire-format.ts'

const SLASH = 0x2f

/**
 * The path of an absolute request URL, without its query. Cheaper than parsing the URL, which every call would pay for. Clients whose
 * base URL ends in a slash ask for `//v1/…`, which means the same.
 */
export function pathOf(url: string): string {
  let start = url.indexOf('/', url.indexOf('://') + 3)
  if (start === -1) return '/'
  while (url.charCodeAt(start + 1) === SLASH) start++
  const query = url.indexOf('?', start)
  return query === -1 ? url.slice(start) : url.slice(start, query)
}

/** `host[:port]` of an absolute URL. */
export function hostOf(url: string): string {
  const start = url.indexOf('://') + 3
  const end = url.indexOf('/', start)
  return end === -1 ? url.slice(start) : url.slice(start, end)
}

/** The format whose clients ask for a path like this, so that errors come in the caller's own envelope. */
export function formatOfPath(path: string, headers: Headers): WireFormat {
  if (path.includes('/v1/messages') || headers.has('anthropic-version')) return 'anthropic'
  return path.includes('/v1/responses') ? 'responses' : 'openai'
}
