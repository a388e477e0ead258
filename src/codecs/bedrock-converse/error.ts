import type { GatewayError, UpstreamErrorFacts } from '../../errors/gateway-error.ts'
import type { ContextOverflow } from '../../ir/context-overflow.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'
import type { StreamFailure } from '../../ir/stream-event.ts'
import type { SseFrame } from '../../lib/sse-parser.ts'
import type { ErrorEnvelope } from '../codec.ts'

/** Exceptions of the API by their status, the usual one of each. */
const EXCEPTION_BY_STATUS: Readonly<Record<number, string>> = {
  400: 'ValidationException',
  401: 'AccessDeniedException',
  402: 'ServiceQuotaExceededException',
  403: 'AccessDeniedException',
  404: 'ResourceNotFoundException',
  408: 'ModelTimeoutException',
  409: 'ConflictException',
  413: 'ValidationException',
  422: 'ValidationException',
  424: 'ModelErrorException',
  429: 'ThrottlingException',
  500: 'InternalServerException',
  503: 'ServiceUnavailableException',
  504: 'ModelTimeoutException',
  529: 'ServiceUnavailableException',
}

/** Exceptions that may be told inside a stream, and the status each would have had. */
const STATUS_OF_EXCEPTION: Readonly<Record<string, number>> = {
  validationException: 400,
  accessDeniedException: 403,
  resourceNotFoundException: 404,
  modelTimeoutException: 408,
  modelStreamErrorException: 424,
  modelErrorException: 424,
  throttlingException: 429,
  internalServerException: 500,
  serviceUnavailableException: 503,
}

/** The members of the API's streams that are exceptions. */
const TOLD_IN_STREAM: Readonly<Record<number, string>> = {
  400: 'validationException',
  429: 'throttlingException',
  500: 'internalServerException',
  503: 'serviceUnavailableException',
  529: 'serviceUnavailableException',
}

function exceptionOf(status: number): string {
  return EXCEPTION_BY_STATUS[status] ?? (status >= 500 ? 'InternalServerException' : 'ValidationException')
}

/** A failure as the SDKs of this format parse it: the exception's name, which they also look for in the body, and a sentence. */
export function encodeError(error: GatewayError, requestId: string): ErrorEnvelope {
  const status = error.httpStatus
  const { overflow } = error
  if (overflow !== undefined) {
    const body = { __type: 'ValidationException', message: overflowMessage(overflow), code: error.code, requestId }
    return { status, body }
  }
  const param = error.param ?? error.upstream?.param
  const { targets, limit } = error.details ?? {}
  const body: JsonObject = {
    __type: exceptionOf(status),
    message: messageOf(error),
    reason: error.upstream?.code ?? error.code,
    requestId,
    ...(param === undefined ? {} : { param }),
    ...(targets === undefined ? {} : { targets }),
    ...(limit === undefined ? {} : { limit }),
  }
  return { status, body }
}

function messageOf(error: GatewayError): string {
  if (!error.row.exposeMessage) return 'The gateway failed internally. Its log has the details under the request id.'
  return error.upstream?.message ?? error.message
}

/** A prompt that does not fit, in the vendor's own sentences: clients look for the words, and read the numbers. */
function overflowMessage({ promptTokens, outputTokens, windowTokens }: ContextOverflow): string {
  const lead = 'Input is too long for requested model.'
  if (windowTokens === undefined) return lead
  if (promptTokens === undefined) return `${lead} The maximum is ${windowTokens} tokens.`
  if (promptTokens > windowTokens || outputTokens === undefined)
    return `${lead} The prompt has ${promptTokens} tokens, the maximum is ${windowTokens}.`
  return `${lead} The prompt has ${promptTokens} tokens and the answer may have ${outputTokens}, the maximum of both is ${windowTokens}.`
}

/** Errors have a sentence; the kind of most stands in a header, which the provider reads. */
export function decodeError(status: number, body: unknown): UpstreamErrorFacts {
  if (typeof body === 'string') return body.trim() === '' ? { status } : { status, message: body }
  if (!isObject(body)) return { status }
  const error = isObject(body['error']) ? body['error'] : body
  const facts = {
    // Names may stand behind a namespace, and in front of an address.
    type: text(error['__type'] ?? error['type'])
      ?.replace(/^.*#/, '')
      .replace(/:.*$/, ''),
    code: text(error['reason'] ?? error['code']),
    param: text(error['param']),
    message: text(error['message'] ?? error['Message'] ?? body['message']),
  }
  const told = Object.entries(facts).filter(([, value]) => value !== undefined)
  return { status, ...Object.fromEntries(told) }
}

const EXCEPTION_EVENT = /Exception$/

/** The failure that a frame of a stream tells, or undefined when it tells none. */
export function decodeFailure(event: string | undefined, data: JsonObject): StreamFailure | undefined {
  if (event === undefined || (!EXCEPTION_EVENT.test(event) && event !== 'error')) return undefined
  const { message, code } = decodeError(0, data)
  const status = Object.hasOwn(STATUS_OF_EXCEPTION, event) ? STATUS_OF_EXCEPTION[event] : undefined
  return {
    message: message ?? 'the upstream reported an error without a message',
    ...(status === undefined ? {} : { status }),
    ...(event === 'error' ? {} : { type: event }),
    ...(code === undefined ? {} : { code }),
  }
}

/** An answer that is an error object, though its status was good. */
export function failureOfAnswer(body: JsonObject): StreamFailure | undefined {
  if (body['output'] !== undefined || (typeof body['message'] !== 'string' && !isObject(body['error']))) return undefined
  const { message, type, code } = decodeError(0, body)
  return {
    message: message ?? 'the upstream reported an error without a message',
    ...(type === undefined ? {} : { type }),
    ...(code === undefined ? {} : { code }),
  }
}

/** An in-band failure as the frame of an exception. */
export function encodeFailure(failure: StreamFailure): Required<SseFrame> {
  const status = failure.overflow === undefined ? (failure.status ?? 500) : 400
  const own = failure.type !== undefined && Object.hasOwn(STATUS_OF_EXCEPTION, failure.type) ? failure.type : undefined
  const event = own ?? TOLD_IN_STREAM[status] ?? (status >= 500 ? 'internalServerException' : 'modelStreamErrorException')
  const message = failure.overflow === undefined ? failure.message : overflowMessage(failure.overflow)
  return { event, data: JSON.stringify({ message }) }
}

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)
