import { GatewayError, type GatewayErrorOptions } from '../errors/gateway-error.ts'
import type { ErrorCode } from '../errors/codes.ts'

/** Where a request was when it failed. */
export type TransportPhase = 'headers' | 'body'

export interface TransportErrorContext {
  readonly phase: TransportPhase
  /** Host (and port) that failed; never a whole URL, whose query may hold a key. Told in `details`, for the operator. */
  readonly host: string
  /** Named in the message, which clients see, instead of the host. */
  readonly provider?: string | undefined
  readonly signal?: AbortSignal | undefined
}

interface Failure {
  readonly code: ErrorCode
  /** Machine-readable reason, in `details.reason`. */
  readonly reason: string
  /** False when the upstream cannot have seen the request. */
  readonly sent: boolean
  /** What happened and what to do; `WHO` stands for who failed. */
  readonly message: string
}

const failure = (code: ErrorCode, reason: string, sent: boolean, message: string): Failure => ({ code, reason, sent, message })

const DNS = failure(
  'upstream_connect_failed',
  'dns',
  false,
  'The host name of WHO could not be resolved. Check base_url and the DNS of this machine.',
)
const REFUSED = failure(
  'upstream_connect_failed',
  'refused',
  false,
  'WHO refused the connection. Check that the upstream is running and that base_url names the right port.',
)
const UNREACHABLE = failure(
  'upstream_connect_failed',
  'unreachable',
  false,
  'WHO cannot be reached from this machine. Check the network, firewall and proxy settings.',
)
const TLS = failure(
  'upstream_connect_failed',
  'tls',
  false,
  'The TLS handshake with WHO failed. Check that base_url has the right scheme (http or https) and that the certificate is trusted here.',
)
const PROXY = failure(
  'upstream_connect_failed',
  'proxy',
  false,
  'The proxy refused to open a tunnel to WHO. Check HTTPS_PROXY and its credentials.',
)
const RESET = failure('upstream_stream_interrupted', 'reset', true, 'WHO closed the connection before it answered.')
const TIMEOUT = failure('upstream_timeout', 'timeout', true, 'WHO did not answer in time.')
const CONNECT_TIMEOUT = failure(
  'upstream_connect_failed',
  'connect_timeout',
  false,
  'No connection to WHO in time. Check base_url, the network and the firewall.',
)
const MALFORMED = failure(
  'upstream_bad_response',
  'malformed',
  true,
  'WHO answered with something that is not HTTP. Check that base_url names an HTTP API.',
)
const BAD_ENCODING = failure('upstream_bad_response', 'encoding', true, 'The compressed answer of WHO could not be unpacked.')
const OTHER = failure('upstream_stream_interrupted', 'other', true, 'The request to WHO failed.')

/** By error code of Bun, Node and undici. `upstream_connect_failed` promises that the upstream has not seen the request. */
const FAILURES: Readonly<Record<string, Failure>> = {
  ENOTFOUND: DNS,
  EAI_AGAIN: DNS,
  EAI_NONAME: DNS,
  EAI_FAIL: DNS,
  ENODATA: DNS,
  ESERVFAIL: DNS,
  ECONNREFUSED: REFUSED,
  ConnectionRefused: REFUSED,
  EHOSTUNREACH: UNREACHABLE,
  ENETUNREACH: UNREACHABLE,
  EADDRNOTAVAIL: UNREACHABLE,
  EHOSTDOWN: UNREACHABLE,
  EPROTO: TLS,
  ERR_PROXY_TUNNEL: PROXY,
  ECONNRESET: RESET,
  ConnectionClosed: RESET,
  EPIPE: RESET,
  UND_ERR_SOCKET: RESET,
  ETIMEDOUT: TIMEOUT,
  UND_ERR_CONNECT_TIMEOUT: CONNECT_TIMEOUT,
  UND_ERR_HEADERS_TIMEOUT: TIMEOUT,
  UND_ERR_BODY_TIMEOUT: TIMEOUT,
  Malformed_HTTP_Response: MALFORMED,
  ZlibError: BAD_ENCODING,
  Z_DATA_ERROR: BAD_ENCODING,
  Z_BUF_ERROR: BAD_ENCODING,
}

/** Families of codes whose members are too many to list. */
const FAMILIES: readonly (readonly [RegExp, Failure])[] = [
  [/^(ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|UNKNOWN_CERTIFICATE|HOSTNAME_MISMATCH)/, TLS],
  [/^(HPE_|InvalidHTTPResponse|Malformed)/, MALFORMED],
  [/(Brotli|Zstd|Zlib|Decompress)/i, BAD_ENCODING],
]

/** Turns whatever `fetch` or a body reader threw into a `GatewayError`; see `Transport.send` for the rules about aborts. */
export function toTransportError(error: unknown, context: TransportErrorContext): GatewayError {
  if (error instanceof GatewayError) return error
  const { signal, provider, host, phase } = context
  const who = provider === undefined ? host : `Provider ${provider}`
  const base: GatewayErrorOptions = { cause: safeCause(error), ...(provider === undefined ? {} : { provider }) }
  if (signal?.aborted === true) {
    if (signal.reason instanceof GatewayError) return signal.reason
    return new GatewayError('client_closed_request', 'The client went away before the answer was complete.', base)
  }
  const found = find(error)
  if (phase === 'body' && found !== BAD_ENCODING && found !== TIMEOUT) {
    return new GatewayError('upstream_stream_interrupted', `${who} closed the connection in the middle of its answer.`, {
      ...base,
      details: { reason: found.reason, sent: true, host },
    })
  }
  return new GatewayError(
    found.code,
    found.message.replace('WHO', () => who),
    {
      ...base,
      details: { reason: found.reason, sent: found.sent, host },
    },
  )
}

/** Looks at the error and its causes (undici wraps them) for a code that is known. */
function find(error: unknown): Failure {
  for (let current: unknown = error, depth = 0; current instanceof Error && depth < 4; current = current.cause, depth++) {
    const code = codeOf(current)
    // As a code of `connect` it is about the connection alone.
    if (code === 'ETIMEDOUT' && 'syscall' in current && current.syscall === 'connect') return CONNECT_TIMEOUT
    const listed = code === undefined ? undefined : (FAILURES[code] ?? FAMILIES.find(([pattern]) => pattern.test(code))?.[1])
    if (listed !== undefined) return listed
    if (current.name === 'TimeoutError') return TIMEOUT
    if (current instanceof AggregateError && current.errors.length > 0) return find(current.errors[0])
  }
  return OTHER
}

function codeOf(error: Error): string | undefined {
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

/** The cause without its `path` and with URLs cut out of its message: both may hold a key in the query. */
function safeCause(error: unknown): Error {
  const source = error instanceof Error ? error : new Error(String(error))
  const safe = new Error(source.message.replaceAll(/\b[a-z][a-z0-9+.-]*:\/\/[^\s"']+/gi, '<url>'))
  safe.name = source.name
  const code = codeOf(source) ?? (source.cause instanceof Error ? codeOf(source.cause) : undefined)
  return code === undefined ? safe : Object.assign(safe, { code })
}
