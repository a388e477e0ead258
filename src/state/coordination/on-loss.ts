import { GatewayError } from '../../errors/gateway-error.ts'

/**
 * What holds while the store that gateways share cannot be reached. `closed`: what would have to ask it is not let in. `local_share`: each process
 * keeps its share of every limit, and of what was left of every budget, by itself. `open`: everything is let in.
 */
export type OnLoss = 'closed' | 'local_share' | 'open'

/** The refusal of `closed`. */
export const coordinationLost = (cause: unknown): GatewayError =>
  new GatewayError(
    'coordination_lost',
    'The store that all gateways of this installation share cannot be reached, and without it limits and idempotency keys could not be kept. Send the request again in a moment.',
    { cause, retryAfterMs: 1_000 },
  )
