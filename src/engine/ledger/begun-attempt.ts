import { attemptIdOf, type AccountId } from '../../ir/ids.ts'
import type { LostAttempt } from '../../ir/settlement.ts'
import type { Target } from '../../ir/target.ts'
import type { Call } from '../engine.ts'
import { partyOf } from './party-of.ts'

/** An attempt that is about to be sent. */
export interface BegunAttempt {
  readonly call: Pick<Call, 'requestId' | 'principal'>
  /** Which one of the call it is, from 0. */
  readonly number: number
  readonly target: Pick<Target, 'provider' | 'model'>
  readonly account: { readonly id: AccountId }
  readonly sessionId: string | undefined
}

/** What stands in the ledger should nothing else be heard of an attempt. `at` is when it began, in Unix milliseconds. */
export const lossOf = (
  { call, number, target, account, sessionId }: BegunAttempt,
  at: number,
  heldNanos: number | undefined,
): LostAttempt => ({
  kind: 'lost',
  id: attemptIdOf(call.requestId, number),
  at: Math.floor(at),
  party: partyOf({ provider: target.provider, model: target.model, account: account.id }, call.principal),
  session: sessionId,
  reserved_nanos: heldNanos,
})
