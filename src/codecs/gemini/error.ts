import type { ErrorCategory } from '../../errors/codes.ts'
import type { GatewayError, UpstreamErrorFacts } from '../../errors/gateway-error.ts'
import type { ContextOverflow } from '../../ir/context-overflow.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'
import type { StreamFailure } from '../../ir/stream-event.ts'
import type { ErrorEnvelope } from '../codec.ts'

/** Canonical codes of `google.rpc` for HTTP statuses, the usual one of each. */
const CODE_BY_STATUS: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  409: 'ABORTED',
  429: 'RESOURCE_EXHAUSTED',
  499: 'CANCELLED',
  500: 'INTERNAL',
  501: 'UNIMPLEMENTED',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
  529: 'UNAVAILABLE',
}

const STATUS_BY_CODE: Readonly<Record<string, number>> = {
  INVALID_ARGUMENT: 400,
  FAILED_PRECONDITION: 400,
  OUT_OF_RANGE: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  ABORTED: 409,
  ALREADY_EXISTS: 409,
  RESOURCE_EXHAUSTED: 429,
  CANCELLED: 499,
  DATA_LOSS: 500,
  INTERNAL: 500,
  UNKNOWN: 500,
  UNIMPLEMENTED: 501,
  UNAVAILABLE: 503,
  DEADLINE_EXCEEDED: 504,
}

/** What a status that the table does not know means. */
const CODE_BY_CATEGORY: Readonly<Partial<Record<ErrorCategory, string>>> = {
  'rate-limited': 'RESOURCE_EXHAUSTED',
  'quota-exceeded': 'RESOURCE_EXHAUSTED',
  'budget-exceeded': 'RESOURCE_EXHAUSTED',
  overloaded: 'UNAVAILABLE',
  network: 'UNAVAILABLE',
  timeout: 'DEADLINE_EXCEEDED',
  'not-found': 'NOT_FOUND',
}

const TYPE_PREFIX = 'type.googleapis.com/google.rpc.'
/** Details of no type of their own. */
const STRUCT = 'type.googleapis.com/google.protobuf.Struct'

/** Errors are numbered by their HTTP status and named by a canonical code; everything else goes into typed details. */
export function encodeError(error: GatewayError, requestId: string): ErrorEnvelope {
  const status = error.httpStatus
  const overflow = error.overflow
  const body: JsonObject = {
    code: status,
    message: overflow === undefined ? ended(messageOf(error), status, error.isFinal) : overflowMessage(overflow),
    status: overflow === undefined ? codeOf(error, status) : 'INVALID_ARGUMENT',
    details: detailsOf(error, requestId),
  }
  return { status, body: { error: body } }
}

function codeOf({ upstream, row }: GatewayError, status: number): string {
  const told = upstream?.type
  if (told !== undefined && STATUS_BY_CODE[told] === status) return told
  return CODE_BY_STATUS[status] ?? CODE_BY_CATEGORY[row.category] ?? (status >= 500 ? 'INTERNAL' : 'FAILED_PRECONDITION')
}

/** Of a prompt that does not fit nothing is repeated that an upstream said: it may be the client's words. */
function detailsOf(error: GatewayError, requestId: string): JsonObject[] {
  const upstream = error.overflow === undefined ? error.upstream : undefined
  const param = error.overflow === undefined ? (error.param ?? upstream?.param) : undefined
  const { targets, limit } = error.details ?? {}
  const details: JsonObject[] = [
    { '@type': `${TYPE_PREFIX}RequestInfo`, requestId },
    { '@type': `${TYPE_PREFIX}ErrorInfo`, reason: upstream?.code ?? error.code, domain: 'switchback' },
  ]
  if (targets !== undefined) details.push({ '@type': STRUCT, value: { targets } })
  if (limit !== undefined) details.push({ '@type': STRUCT, value: { limit } })
  if (param !== undefined)
    details.push({ '@type': `${TYPE_PREFIX}BadRequest`, fieldViolations: [{ field: param, description: messageOf(error) }] })
  if (error.retryAfterMs !== undefined)
    details.push({ '@type': `${TYPE_PREFIX}RetryInfo`, retryDelay: `${Math.ceil(error.retryAfterMs / 1000)}s` })
  return details
}

function messageOf(error: GatewayError): string {
  if (!error.row.exposeMessage) return 'The gateway failed internally. Its log has the details under the request id.'
  return error.upstream?.message ?? error.message
}

/** Google's command line tries these again for minutes, whatever is said of when, unless the message tells that nothing is left. */
const TRIED_AGAIN: ReadonlySet<number> = new Set([429, 503])

const ended = (message: string, status: number, isFinal: boolean): string =>
  isFinal && TRIED_AGAIN.has(status) ? `${message} Left within the limit: 0.` : message

/** A prompt that does not fit, in the vendor's own sentence: clients read the numbers out of it. */
function overflowMessage({ promptTokens, outputTokens, windowTokens }: ContextOverflow): string {
  const size = promptTokens === undefined ? '' : ` (${promptTokens})`
  const limit = windowTokens === undefined ? '' : ` (${windowTokens})`
  const fits = promptTokens !== undefined && windowTokens !== undefined && promptTokens <= windowTokens
  // Without the answer it would fit, so the sentence must not claim otherwise.
  const answer = fits && outputTokens !== undefined ? ` less the output limit (${outputTokens})` : ''
  return `The input token count${size} exceeds the maximum number of tokens allowed${limit}${answer}.`
}

export function decodeError(status: number, body: unknown): UpstreamErrorFacts {
  if (typeof body === 'string') return body.trim() === '' ? { status } : { status, message: body }
  // Without `alt=sse` a stream is a list, and so is the error in it.
  if (Array.isArray(body)) return decodeError(status, body[0])
  if (!isObject(body)) return { status }
  const error = body['error'] ?? body
  if (typeof error === 'string') return { status, message: error }
  if (!isObject(error)) return { status }
  const details = typedDetails(error['details'])
  const facts = {
    type: text(error['status']) ?? text(error['type']),
    code: text(details['ErrorInfo']?.['reason']) ?? text(error['code']),
    param: fieldOf(details['BadRequest']),
    message: text(error['message']) ?? text(body['message']),
  }
  const retryAfterMs = delayMs(details['RetryInfo']?.['retryDelay'])
  return { status, ...definedOf(facts), ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
}

/** Details by the last word of their type. */
function typedDetails(details: unknown): Readonly<Record<string, JsonObject>> {
  const typed: Record<string, JsonObject> = {}
  for (const entry of Array.isArray(details) ? details.filter(isObject) : []) {
    const name = text(entry['@type'])
    if (name?.startsWith(TYPE_PREFIX) === true) typed[name.slice(TYPE_PREFIX.length)] ??= entry
  }
  return typed
}

function fieldOf(badRequest: JsonObject | undefined): string | undefined {
  const violations = badRequest?.['fieldViolations']
  const first: unknown = Array.isArray(violations) ? violations[0] : undefined
  return isObject(first) ? text(first['field']) : undefined
}

function delayMs(delay: unknown): number | undefined {
  const seconds = /^(\d+(?:\.\d+)?)s$/.exec(text(delay) ?? '')?.[1]
  return seconds === undefined ? undefined : Number(seconds) * 1000
}

/** The error inside a stream frame or an answer, or undefined when there is none. */
export function decodeFailure(frame: unknown): StreamFailure | undefined {
  const body: unknown = Array.isArray(frame) ? frame.find((entry) => isObject(entry) && isObject(entry['error'])) : frame
  if (!isObject(body) || body['error'] === undefined || body['error'] === null) return undefined
  const { type, code, message } = decodeError(0, body)
  const number = isObject(body['error']) ? body['error']['code'] : undefined
  const status = typeof number === 'number' ? number : type === undefined ? undefined : STATUS_BY_CODE[type]
  return {
    message: message ?? 'the upstream reported an error without a message',
    ...(status === undefined || status < 400 ? {} : { status }),
    ...definedOf({ type, code }),
  }
}

/** An in-band failure as the data of a frame. */
export function encodeFailure(failure: StreamFailure): string {
  const status = failure.overflow === undefined ? (failure.status ?? 500) : 400
  const told = failure.type !== undefined && STATUS_BY_CODE[failure.type] === status ? failure.type : undefined
  return JSON.stringify({
    error: {
      code: status,
      message:
        failure.overflow === undefined
          ? ended(failure.message, status, failure.isFinal === true)
          : overflowMessage(failure.overflow),
      status: told ?? CODE_BY_STATUS[status] ?? (status >= 500 ? 'INTERNAL' : 'FAILED_PRECONDITION'),
    },
  })
}

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)

function definedOf(facts: Record<string, string | undefined>): Record<string, string> {
  const defined: Record<string, string> = {}
  for (const [key, value] of Object.entries(facts)) if (value !== undefined) defined[key] = value
  return defined
}
