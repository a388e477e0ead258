import type { ErrorCategory } from '../errors/codes.ts'
import type { GatewayError } from '../errors/gateway-error.ts'
import type { ContextOverflow } from '../ir/context-overflow.ts'
import type { JsonObject } from '../ir/json.ts'
import type { ErrorEnvelope } from './codec.ts'

/** Error types that OpenAI's clients know, by category. */
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

/** How one of OpenAI's formats tells that a prompt does not fit. Clients look for the code, some for words of the message. */
export interface OverflowWords {
  readonly param: string
  readonly message: (sizes: ContextOverflow) => string
}

/** What OpenAI's clients take for a prompt that does not fit. Source: the vendor's guide to error codes, and clients' code. */
export const OVERFLOW_CODE = 'context_length_exceeded'

/** The sentence without numbers: what the vendor's newer models and its Responses API say. */
export const OVERFLOW_SENTENCE = 'Your input exceeds the context window of this model. Please adjust your input and try again.'

/** An error in the envelope that both of OpenAI's formats share. What an upstream said of it is kept, but for a prompt that does not fit. */
export function encodeOpenAiError(error: GatewayError, requestId: string, words: OverflowWords): ErrorEnvelope {
  const { overflow } = error
  const body =
    overflow === undefined
      ? plainError(error)
      : { message: words.message(overflow), type: 'invalid_request_error', param: words.param, code: OVERFLOW_CODE }
  return { status: error.httpStatus, body: { error: { ...body, request_id: requestId } } }
}

/** What refusals tell machines: each target's reason, the limit that was reached, or all that is wrong with a configuration. */
const SHOWN_DETAILS = ['targets', 'limit', 'problems'] as const

function shownDetails(details: GatewayError['details']): JsonObject {
  const shown = SHOWN_DETAILS.filter((name) => details?.[name] !== undefined)
  return shown.length === 0 ? {} : { details: Object.fromEntries(shown.map((name) => [name, details?.[name]])) }
}

function plainError({ code, details, message, param, row, upstream }: GatewayError): JsonObject {
  return {
    message: row.exposeMessage ? (upstream?.message ?? message) : 'internal error',
    type: upstream?.type ?? TYPES[row.category],
    param: upstream?.param ?? param ?? null,
    code: upstream?.code ?? code,
    ...shownDetails(details),
  }
}
