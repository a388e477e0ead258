import { GatewayError } from '../errors/gateway-error.ts'

/** A fault of the gateway itself. */
export const internalFault = (cause: unknown): GatewayError =>
  new GatewayError('internal', 'The gateway failed while handling this request.', { cause })

export const clientGone = (): GatewayError => new GatewayError('client_closed_request', 'The client closed the connection.')

/** What nobody else gave a name to, in the middle of an attempt: while an answer is read it is the upstream's connection. */
export const attemptFault = (cause: unknown, target: string, isReading: boolean): GatewayError =>
  isReading
    ? new GatewayError('upstream_stream_interrupted', `The connection to ${target} broke in the middle of its answer.`, {
        cause,
        target,
      })
    : new GatewayError('internal', 'The gateway failed while handling this request.', { cause, target })
