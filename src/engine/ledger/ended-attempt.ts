import type { AttemptId } from '../../ir/ids.ts'
import type { Principal } from '../../ir/principal.ts'
import type { AttemptRecord } from '../../ir/record.ts'
import type { AttemptPurpose } from '../../ir/settlement.ts'

/** What an attempt leaves for the ledger. Nothing of the request itself. */
export interface EndedAttempt {
  readonly id: AttemptId
  readonly record: AttemptRecord
  readonly principal: Principal
  readonly sessionId: string | undefined
  readonly purpose: AttemptPurpose
  readonly streamed: boolean
}
