import type { GatewayError, UpstreamErrorFacts } from '../../errors/gateway-error.ts'
import type { ContextOverflow } from '../../ir/context-overflow.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'
import type { StreamFailure } from '../../ir/stream-event.ts'
import type { ErrorEnvelope } from '../codec.ts'
import { encodeOpenAiError, OVERFLOW_CODE, OVERFLOW_SENTENCE } from '../openai-error.ts'

export function encodeError(error: GatewayError, requestId: string): ErrorEnvelope {
  return encodeOpenAiError(error, requestId, { param: 'input', message: overflowMessage })
}

/** The vendor's sentence for a prompt that does not fit, which has no numbers, and after it those that are known. */
function overflowMessage({ promptTokens, outputTokens, windowTokens }: ContextOverflow): string {
  const prompt = promptTokens === undefined ? [] : [`${promptTokens} tokens of input`]
  const output = outputTokens === undefined ? [] : [`${outputTokens} tokens kept for the output`]
  const window = windowTokens === undefined ? [] : [`a context of ${windowTokens} tokens`]
  const numbers = [...prompt, ...output, ...window]
  return numbers.length === 0 ? OVERFLOW_SENTENCE : `${OVERFLOW_SENTENCE} (${numbers.join(', ')})`
}

/**
 * Whether the vendor tells a failure of a stream inside it, after a 200: a prompt that does not fit. Clients such as Codex look
 * for its code in `response.failed` only and take a 400 for the end of the conversation. After an error status Codex waits as long as
 * `Retry-After` says, be it for days, and tries again, whatever the status: a last word reaches its user in `response.failed` alone.
 */
export const isToldInStream = (error: GatewayError, clientFamily: string | undefined): boolean =>
  error.overflow !== undefined || (error.isFinal && clientFamily === 'codex')

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

/** The one code after which Codex stops and shows the message as it is; found by trying them all with Codex 0.169. */
const FINAL_CODE = 'invalid_prompt'

/** What an error body says; besides the API's own envelope the bare forms of other servers are understood. */
export function decodeError(status: number, body: unknown): UpstreamErrorFacts {
  const inner = isObject(body) && body['error'] !== undefined ? body['error'] : body
  if (typeof inner === 'string') return inner === '' ? { status } : { status, message: inner }
  if (!isObject(inner)) return { status }
  return { status, ...factsOf(inner) }
}

function factsOf(error: JsonObject): Omit<UpstreamErrorFacts, 'status'> {
  const code = text(error['code']) ?? (typeof error['code'] === 'number' ? String(error['code']) : undefined)
  const resetsIn = error['resets_in_seconds']
  return {
    type: text(error['type']),
    code,
    param: text(error['param']),
    message: text(error['message']) ?? text(error['detail']),
    ...(typeof resetsIn === 'number' && resetsIn >= 0 ? { retryAfterMs: resetsIn * 1000 } : {}),
  }
}

/** The error of a failed response. */
export function encodeFailure(failure: StreamFailure): { code: string; message: string } {
  if (failure.overflow !== undefined) return { code: OVERFLOW_CODE, message: overflowMessage(failure.overflow) }
  if (failure.isFinal === true) return { code: FINAL_CODE, message: failure.message }
  return { code: errorCodeOf(failure), message: failure.message }
}

function errorCodeOf(failure: StreamFailure): string {
  if (failure.code !== undefined && RESPONSE_ERROR_CODES.has(failure.code)) return failure.code
  return failure.status === 429 || failure.type === 'rate_limit_error' ? 'rate_limit_exceeded' : 'server_error'
}

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)
