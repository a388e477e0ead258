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

/** An error as clients of this format expect it. What an upstream said of it is kept. */
export function encodeError(error: GatewayError, requestId: string): ErrorEnvelope {
  const { upstream } = error
  const message = error.row.exposeMessage ? (upstream?.message ?? error.message) : 'internal error'
  return {
    status: error.httpStatus,
    body: {
      error: {
        message,
        type: upstream?.type ?? TYPES[error.row.category],
        param: upstream?.param ?? error.param ?? null,
        code: upstream?.code ?? codeOf(error),
        request_id: requestId,
      },
    },
  }
}

/** An in-band failure as the last frame of a stream. */
export function encodeFailure(failure: StreamFailure): string {
  return JSON.stringify({
    error: { message: failure.message, type: failure.type ?? 'upstream_error', param: null, code: failure.code ?? null },
  })
}

/** What an error body says. Servers of this format have many shapes for it. */
export function decodeError(status: number, body: unknown): UpstreamErrorFacts {
  const facts = factsOf(body)
  return { status, ...facts }
}

/** Whether a body with a good status is an error after all. `error: null` is none. */
export function isErrorBody(body: unknown): boolean {
  if (Array.isArray(body)) return isErrorBody(body[0])
  if (!isObject(body)) return false
  const { error } = body
  if (error !== undefined && error !== null && error !== false && error !== '') return true
  return body['object'] === 'error'
}

/** The in-band error of a stream frame. */
export function decodeFailure(body: unknown): StreamFailure {
  const { message, type, code } = factsOf(body)
  const status = statusOf(body)
  return {
    message: message ?? 'the upstream reported an error',
    ...(status === undefined ? {} : { status }),
    ...(type === undefined ? {} : { type }),
    ...(code === undefined ? {} : { code }),
  }
}

function factsOf(body: unknown): UpstreamErrorFacts {
  if (typeof body === 'string') return body.trim() === '' ? {} : { message: body }
  if (Array.isArray(body)) return factsOf(body[0]) // Google's compatible endpoint wraps the object in a list
  if (!isObject(body)) return {}
  const inner = isObject(body['error']) ? body['error'] : body
  const message = messageOf(inner) ?? messageOf(body) ?? (typeof body['error'] === 'string' ? body['error'] : undefined)
  const type = text(inner['type']) ?? text(inner['status'])
  const code = text(inner['code']) ?? (typeof inner['code'] === 'number' ? String(inner['code']) : undefined)
  const param = text(inner['param'])
  return {
    ...(message === undefined ? {} : { message }),
    ...(type === undefined ? {} : { type }),
    ...(code === undefined ? {} : { code }),
    ...(param === undefined ? {} : { param }),
  }
}

/** `message`, or `detail` as FastAPI servers write it: a text, or a list of findings. */
function messageOf(object: JsonObject): string | undefined {
  const message = text(object['message']) ?? text(object['detail']) ?? text(object['msg'])
  if (message !== undefined) return message
  const nested = object['message'] ?? object['detail']
  if (Array.isArray(nested))
    return (
      nested
        .map((entry: unknown) => (isObject(entry) ? text(entry['msg']) : text(entry)))
        .filter((entry) => entry !== undefined)
        .join('; ') || undefined
    )
  return isObject(nested) ? messageOf(nested) : undefined
}

function statusOf(body: unknown): number | undefined {
  const outer = Array.isArray(body) ? (body[0] as unknown) : body
  const inner = isObject(outer) && isObject(outer['error']) ? outer['error'] : outer
  if (!isObject(inner)) return undefined
  const status = Number(inner['status_code'] ?? inner['status'] ?? inner['code'])
  return Number.isInteger(status) && status >= 400 && status < 600 ? status : undefined
}

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)

/** Codes of OpenAI where clients look for them, else the gateway's own. */
function codeOf(error: GatewayError): string {
  if (error.row.category === 'context-too-long') return 'context_length_exceeded'
  return error.code
}
