import type { GatewayError } from '../errors/gateway-error.ts'
import type { AttemptRecord } from '../ir/record.ts'
import type { AttemptEnd } from './call-outcome.ts'
import { mayHaveHappened } from './side-effects.ts'
import type { StreamFacts } from './stream-facts.ts'

export interface EndedAttempt {
  readonly outcome: AttemptEnd
  readonly error: GatewayError | undefined
  /** The request left for the upstream. */
  readonly isSent: boolean
  /** Status of the upstream's answer, if there was one. */
  readonly status: number | undefined
  readonly facts: StreamFacts | undefined
}

/** How much is known of what an attempt used. A plain refusal used nothing; what was cut short may have used more than was told. */
export function usageKnown({ outcome, error, isSent, status, facts }: EndedAttempt): NonNullable<AttemptRecord['usage_known']> {
  if (facts?.isEstimated === true) return 'estimated'
  if (facts?.usage !== undefined) return outcome === 'success' || facts.ended ? 'whole' : 'partial'
  if (!isSent || (status !== undefined && status >= 400)) return 'unused'
  return outcome === 'failed' && error !== undefined && !mayHaveHappened(error) ? 'unused' : 'unknown'
}
