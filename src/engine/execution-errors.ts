import { GatewayError } from '../errors/gateway-error.ts'

/** A fault of the gateway itself. */
export const internalFault = (cause: unknown, target?: string): GatewayError =>
  new GatewayError(
    'internal',
    'The gateway failed while handling this request.',
    target === undefined ? { cause } : { cause, target },
  )

/** A connection that was lost while an answer was read. */
export const brokenAnswer = (cause: unknown, target: string): GatewayError =>
  new GatewayError('upstream_stream_interrupted', `The connection to ${target} broke in the middle of its answer.`, {
    cause,
    target,
  })

export const clientGone = (): GatewayError => new GatewayError('client_closed_request', 'The client closed the connection.')
