import type { AccountId, AttemptId, ProviderId } from '../../ir/ids.ts'
import type { Principal } from '../../ir/principal.ts'
import type { AttemptRecord } from '../../ir/record.ts'
import type { AttemptPurpose } from '../../ir/settlement.ts'
import type { StreamFacts } from '../stream-facts.ts'

/** What an attempt leaves for the ledger. Nothing of the request itself. */
export interface EndedAttempt {
  readonly id: AttemptId
  readonly provider: ProviderId
  readonly model: string
  readonly account: AccountId
  readonly principal: Principal
  readonly sessionId: string | undefined
  readonly purpose: AttemptPurpose
  readonly outcome: AttemptRecord['outcome']
  readonly errorCode: string | undefined
  readonly cancelledBecause: AttemptRecord['cancelled_because']
  readonly streamed: boolean
  readonly latencyMs: number
  /** What the answer told as far as it came. */
  readonly facts: StreamFacts | undefined
  /** Whether a request went out at all. */
  readonly wasSent: boolean
  /** Undefined when the upstream never answered. */
  readonly upstreamStatus: number | undefined
}
