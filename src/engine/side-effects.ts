import type { ErrorCategory } from '../errors/codes.ts'
import type { GatewayError } from '../errors/gateway-error.ts'
import type { Call } from './engine.ts'

/** Hosted tools that only read. */
const READ_ONLY_TOOLS =
  /^(web_search|web_fetch|file_search|tool_search|google_search|google_maps|url_context|enterprise_web_search|retrieval)/

/** Whether repeating the call could do something twice: then nothing is repeated once bytes were sent. */
export function hasSideEffects({ endpoint, request }: Pick<Call, 'endpoint' | 'request'>): boolean {
  if (endpoint !== undefined) return endpoint.happensOnce === true
  const { state, tools } = request
  if (state?.background === true || state?.conversation !== undefined || state?.store === true) return true
  return tools?.some((tool) => tool.type === 'hosted' && !READ_ONLY_TOOLS.test(tool.kind)) ?? false
}

/** After these nobody knows what the upstream did with the request before it failed. */
const UNKNOWN_OUTCOME: ReadonlySet<ErrorCategory> = new Set([
  'timeout',
  'network',
  'server-error',
  'stream-interrupted',
  'internal',
])

/** Whether the upstream may have acted on a call that failed: it was sent, and it was not plainly refused. */
export function mayHaveHappened({ row, details, code }: GatewayError): boolean {
  if (!UNKNOWN_OUTCOME.has(row.category) || details?.['sent'] === false) return false
  // A connection that was never made; one that broke afterwards says so in its details.
  return code !== 'upstream_connect_failed' || details?.['sent'] === true
}
