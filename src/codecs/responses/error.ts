import type { ErrorCategory } from '../../errors/codes.ts'
import type { GatewayError, UpstreamErrorFacts } from '../../errors/gateway-error.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'
import type { StreamFailure } from '../../ir/stream-event.ts'
import type { ErrorEnvelope } from '../codec.ts'

/** Error types that clients of this format know, by category. */
const TYPES: Readonly<Record<ErrorCategory, string>> = {
  authentication: 'authentication_error',
  authorization: 'permission_error',
  'rate-limited': 'rate_limit_error',
  'quota-exceeded': 'insufficient_quota',
  'budget-exceeded': 'budget_exceeded',
  overloaded: 'overloaded',
  timeout: 'upstream_error',
  network: 'upstream_error',
  'invalid-request': 'invalid_request_error',
  'context-too-long': 'invalid_request_error',
  'unsupported-capability': 'invalid_request_error',
  'content-filtered': 'invalid_request_error',
  'server-error': 'upstream_error',
  'stream-interrupted': 'upstream_error',
  'not-found': 'invalid_request_error',
  'no-route': 'invalid_request_error',
  cancelled: 'invalid_request_error',
  config: 'server_error',
  internal: 'server_error',
}

/** Codes a failed response may have, by the API's schema. The last three are sent by the service all the same, and agents act on them. */
const RESPONSE_ERROR_CODES: ReadonlySet<string> = new Set([
  'server_error',
  'rate_limit_exceeded',
  'invalid_prompt',
  'data_residency_mismatch',
  'bio_policy',
  'vector_store_timeout',
  'invalid_image',
  'invalid_image_format',
  'invalid_base64_image',
  'invalid_image_url',
  'image_too_large',
  'image_too_small',
  'image_parse_error',
  'image_content_policy_violation',
  'invalid_image_mode',
  'image_file_too_large',
  'unsupported_image_media_type',
  'empty_image_file',
  'failed_to_download_image',
  'image_file_not_found',
  'context_length_exceeded',
  'insufficient_quota',
  'server_is_overloaded',
])

/** An error as clients of this format expect it. What an upstream said of it is kept. */
export function encodeError(error: GatewayError, requestId: string): ErrorEnvelope {
  const { upstream } = error
  const message = error.row.exposeMessage ? (upstream?.message ?? error.message) : 'internal error'
  const ownCode = error.row.category === 'context-too-long' ? 'context_length_exceeded' : error.code
  return {
    status: error.httpStatus,
    body: {
      error: {
        message,
        type: upstream?.type ?? TYPES[error.row.category],
        param: upstream?.param ?? error.param ?? null,
        code: upstream?.code ?? ownCode,
        request_id: requestId,
      },
    },
  }
}

/** What an error body says; besides the API's own envelope the bare forms of other servers are understood. */
export function decodeError(status: number, body: unknown): UpstreamErrorFacts {
  const inner = isObject(body) && body['error'] !== undefined ? body['error'] : body
  if (typeof inner === 'string') return inner === '' ? { status } : { status, message: inner }
  if (!isObject(inner)) return { status }
  return { status, ...factsOf(inner) }
}

function factsOf(error: JsonObject): Omit<UpstreamErrorFacts, 'status'> {
  const code = text(error['code']) ?? (typeof error['code'] === 'number' ? String(error['code']) : undefined)
  return {
    type: text(error['type']),
    code,
    param: text(error['param']),
    message: text(error['message']) ?? text(error['detail']),
  }
}

/** The code of a failed response. */
export function errorCodeOf(failure: StreamFailure): string {
  if (failure.code !== undefined && RESPONSE_ERROR_CODES.has(failure.code)) return failure.code
  return failure.status === 429 || failure.type === 'rate_limit_error' ? 'rate_limit_exceeded' : 'server_error'
}

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)
