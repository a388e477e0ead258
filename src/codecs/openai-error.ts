import type { ErrorCategory } from '../errors/codes.ts'
import type { GatewayError } from '../errors/gateway-error.ts'
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

/** An error in the envelope that both of OpenAI's formats share. What an upstream said of it is kept. */
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

/** Codes of OpenAI where clients look for them, else the gateway's own. */
function codeOf(error: GatewayError): string {
  if (error.row.category === 'context-too-long') return 'context_length_exceeded'
  return error.code
}
