import { GatewayError } from '../errors/gateway-error.ts'
import type { Target } from '../ir/target.ts'

/** A fault of the gateway itself. */
export const internalFault = (cause: unknown): GatewayError =>
  new GatewayError('internal', 'The gateway failed while handling this request.', { cause })

export const clientGone = (): GatewayError => new GatewayError('client_closed_request', 'The client closed the connection.')

/** An attempt failed in a way nobody foresaw: within an answer the connection broke, before it the gateway is at fault. */
export const unexpected = (cause: unknown, { id }: Pick<Target, 'id'>, isReading: boolean): GatewayError =>
  isReading
    ? new GatewayError('upstream_stream_interrupted', `The connection to ${id} broke in the middle of its answer.`, {
        cause,
        target: id,
      })
    : new GatewayError('internal', 'The gateway failed while handling this request.', { cause, target: id })
