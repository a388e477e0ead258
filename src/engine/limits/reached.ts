import type { GatewayError } from '../../errors/gateway-error.ts'
import { mayHaveHappened } from '../side-effects.ts'
import type { AttemptSpending } from './limiter.ts'

/** How an attempt went, as far as its cost is concerned. */
interface Reach {
  readonly isSent: boolean
  /** Of the upstream's answer. */
  readonly status: number | undefined
  readonly hasBegun: boolean
}

/** How far an attempt got that ended with this error, or without one. */
export function reachedBy(error: GatewayError | undefined, { isSent, status, hasBegun }: Reach): AttemptSpending['reached'] {
  if (!isSent || (error !== undefined && !mayHaveHappened(error))) return 'nothing'
  if (status === undefined) return 'unknown'
  if (status >= 400) return 'nothing'
  // A failure told with a good status, before anything of an answer.
  return error !== undefined && !hasBegun ? 'unknown' : 'answer'
}
