import { GatewayError } from '../errors/gateway-error.ts'

/** A fault of the gateway itself. */
export const internalFault = (cause: unknown): GatewayError =>
  new GatewayError('internal', 'The gateway failed while handling this request.', { cause })

export const clientGone = (): GatewayError => new GatewayError('client_closed_request', 'The client closed the connection.')
