import type { GatewayError, UpstreamErrorFacts } from '../../errors/gateway-error.ts'
import type { ContextOverflow } from '../../ir/context-overflow.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'
import type { StreamFailure } from '../../ir/stream-event.ts'
import type { ErrorEnvelope } from '../codec.ts'

const TYPE_BY_STATUS: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  500: 'api_error',
  503: 'overloaded_error',
  504: 'timeout_error',
  529: 'overloaded_error',
}

const STATUS_BY_TYPE: Readonly<Record<string, number>> = {
  invalid_request_error: 400,
  authentication_error: 401,
  billing_error: 402,
  permission_error: 403,
  not_found_error: 404,
  request_too_large: 413,
  rate_limit_error: 429,
  api_error: 500,
  timeout_error: 504,
  overloaded_error: 529,
}

function errorTypeOf(status: number): string {
  return TYPE_BY_STATUS[status] ?? (status >= 500 ? 'api_error' : 'invalid_request_error')
}

/** Claude Code tries again after an `overloaded_error`, whatever else it is told (2.1.197). */
const finalTypeOf = (status: number): string => (errorTypeOf(status) === 'overloaded_error' ? 'api_error' : errorTypeOf(status))

/** The status an in-band error would have had; undefined for types the format does not define. */
function statusOfType(type: string | undefined): number | undefined {
  return type !== undefined && Object.hasOwn(STATUS_BY_TYPE, type) ? STATUS_BY_TYPE[type] : undefined
}

/** A failure as the SDKs of this format parse it. Codes and parameters go into `details`, which the format leaves open. */
export function encodeError(error: GatewayError, requestId: string): ErrorEnvelope {
  const status = error.httpStatus
  if (error.overflow !== undefined) {
    const body = { ...overflowError(error.overflow), details: { error_code: error.code } }
    return { status, body: { type: 'error', error: body, request_id: requestId } }
  }
  const upstreamType = error.upstream?.type
  // Other formats call nearly everything an invalid request; there the status says more.
  const isTelling =
    statusOfType(upstreamType) !== undefined &&
    (upstreamType !== 'invalid_request_error' || !Object.hasOwn(TYPE_BY_STATUS, status))
  const type = isTelling ? upstreamType : error.isFinal ? finalTypeOf(status) : errorTypeOf(status)
  const body: JsonObject = { type, message: messageOf(error) }
  const param = error.param ?? error.upstream?.param
  const { targets, limit } = error.details ?? {}
  body['details'] = {
    error_code: error.upstream?.code ?? error.code,
    ...(param === undefined ? {} : { param }),
    ...(targets === undefined ? {} : { targets }),
    ...(limit === undefined ? {} : { limit }),
  }
  return { status, body: { type: 'error', error: body, request_id: requestId } }
}

/**
 * A prompt that does not fit, in the vendor's own sentences: clients read the numbers out of them. The first makes agents compact,
 * the second makes them ask for a shorter answer.
 */
function overflowError({ promptTokens, outputTokens, windowTokens }: ContextOverflow): { type: string; message: string } {
  const type = 'invalid_request_error'
  if (windowTokens === undefined) return { type, message: "prompt is too long: it does not fit into the model's context" }
  if (promptTokens === undefined) return { type, message: `prompt is too long: the maximum is ${windowTokens} tokens` }
  if (promptTokens > windowTokens || outputTokens === undefined)
    return { type, message: `prompt is too long: ${promptTokens} tokens > ${windowTokens} maximum` }
  const sum = `${promptTokens} + ${outputTokens} > ${windowTokens}`
  return {
    type,
    message: `input length and \`max_tokens\` exceed context limit: ${sum}, decrease input length or \`max_tokens\` and try again`,
  }
}

function messageOf(error: GatewayError): string {
  if (!error.row.exposeMessage) return 'The gateway failed internally. Its log has the details under the request id.'
  return error.upstream?.message ?? error.message
}

export function decodeError(status: number, body: unknown): UpstreamErrorFacts {
  if (typeof body === 'string') return body.trim() === '' ? { status } : { status, message: body }
  // Google puts the errors of models it hosts into a list.
  if (Array.isArray(body)) return decodeError(status, body[0])
  if (!isObject(body)) return { status }
  const error = body['error'] ?? body
  if (typeof error === 'string') return { status, message: error }
  if (!isObject(error)) return { status }
  const details = isObject(error['details']) ? error['details'] : {}
  const facts = {
    type: text(error['type']) ?? text(error['status']),
    code: text(details['error_code']) ?? text(error['code']),
    param: text(details['param']) ?? text(error['param']),
    message: text(error['message']) ?? text(body['message']) ?? text(body['detail']),
  }
  return { status, ...definedOf(facts) }
}

/** The error inside a stream frame, or undefined when the frame holds none. */
export function decodeFailure(frame: JsonObject): StreamFailure | undefined {
  const error = frame['error']
  if (frame['type'] !== 'error' && (frame['type'] !== undefined || error === undefined || error === null)) return undefined
  const facts = decodeError(0, frame)
  const status = statusOfType(facts.type)
  return {
    message: facts.message ?? 'the upstream reported an error without a message',
    ...(status === undefined ? {} : { status }),
    ...(facts.type === undefined ? {} : { type: facts.type }),
    ...(facts.code === undefined ? {} : { code: facts.code }),
  }
}

/** An in-band failure as the data of an `error` event. */
export function encodeFailure(failure: StreamFailure): string {
  if (failure.overflow !== undefined) return JSON.stringify({ type: 'error', error: overflowError(failure.overflow) })
  const status = failure.status ?? 500
  const own = failure.isFinal === true ? finalTypeOf(status) : errorTypeOf(status)
  const type = statusOfType(failure.type) !== undefined ? failure.type : own
  return JSON.stringify({ type: 'error', error: { type, message: failure.message } })
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function definedOf(facts: Record<string, string | undefined>): Record<string, string> {
  const defined: Record<string, string> = {}
  for (const [key, value] of Object.entries(facts)) if (value !== undefined) defined[key] = value
  return defined
}
