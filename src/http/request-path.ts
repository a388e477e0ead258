import type { WireFormat } from '../ir/wire-format.ts'
import { isGoogleMethod, methodOfPath } from './google-path.ts'

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

/** How clients of a format give themselves away: the first that fits. Everybody else is a client of Chat Completions. */
const SIGNS: readonly (readonly [format: WireFormat, fits: (path: string, headers: Headers) => boolean])[] = [
  ['anthropic', (path, headers) => path.includes('/v1/messages') || headers.has('anthropic-version')],
  ['gemini', (path, headers) => GOOGLE_PATH.test(path) || isGoogleMethod(methodOfPath(path) ?? '') || isGoogle(headers)],
  ['responses', (path) => path.includes('/v1/responses')],
  ['bedrock_converse', (path, headers) => BEDROCK_PATH.test(path) || headers.get('authorization')?.startsWith('AWS4-') === true],
]
const BEDROCK_PATH = /\/model\/.+\/(?:invoke|converse|count-tokens)/
const GOOGLE_PATH = /\/v1(?:beta|alpha)(?:\/|$)/

/** Whether the headers are those that Google's own SDKs send. */
export const isGoogle = (headers: Headers): boolean => headers.has('x-goog-api-client') || headers.has('x-goog-api-key')

/** The format whose clients ask for a path like this, so that errors come in the caller's own envelope. */
export function formatOfPath(path: string, headers: Headers): WireFormat {
  return SIGNS.find(([, fits]) => fits(path, headers))?.[0] ?? 'openai'
}
