import type { AccountId, AttemptId } from '../../ir/ids.ts'
import type { Principal } from '../../ir/principal.ts'
import type { LostAttempt } from '../../ir/settlement.ts'
import type { Target } from '../../ir/target.ts'
import { partyOf } from './party-of.ts'

/** An attempt that is about to be sent. */
export interface BegunAttempt {
  readonly id: AttemptId
  readonly target: Pick<Target, 'provider' | 'model'>
  readonly account: { readonly id: AccountId }
  readonly principal: Principal
  readonly sessionId: string | undefined
}

/** What stands in the ledger should nothing else be heard of an attempt. `at` is when it began, in Unix milliseconds. */
export const lossOf = (
  { id, target, account, principal, sessionId }: BegunAttempt,
  at: number,
  heldNanos: number | undefined,
): LostAttempt => ({
  kind: 'lost',
  id,
  at: Math.floor(at),
  party: partyOf({ provider: target.provider, model: target.model, account: account.id }, principal),
  session: sessionId,
  reserved_nanos: heldNanos,
})
