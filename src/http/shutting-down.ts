import { GatewayError } from '../errors/gateway-error.ts'

/** Told to whoever calls a gateway that finishes what it has begun. */
export const shuttingDown = (): GatewayError =>
  new GatewayError(
    'shutting_down',
    'The gateway is shutting down and takes no new requests. Send the request again in a moment.',
    { retryAfterMs: 1_000 },
  )
