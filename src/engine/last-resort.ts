import type { LockedAccount } from '../credentials/account-pool.ts'
import { ERROR_TABLE, type ErrorCategory, type ErrorCode } from '../errors/codes.ts'
import type { Target } from '../ir/target.ts'
import type { Provider } from '../providers/provider.types.ts'

/** A target of the plan that was passed over because all its accounts are locked. */
export interface LockedTarget {
  readonly provider: Provider
  readonly target: Target
  readonly accounts: readonly LockedAccount[]
}

interface LastResort {
  readonly provider: Provider
  readonly target: Target
  readonly account: LockedAccount['account']
}

/** Faults that may be over before their lock is: trying again costs one call, refusing costs every call until then. */
const PASSING: ReadonlySet<ErrorCategory> = new Set(['network', 'server-error', 'overloaded', 'timeout', 'stream-interrupted'])

const isPassing = (code: ErrorCode): boolean => PASSING.has(ERROR_TABLE[code].category)

/** With every account locked: the one that recovers first among those that only met passing faults. Limits and refused keys are kept. */
export function lastResort(locked: readonly LockedTarget[]): LastResort | undefined {
  let found: LastResort | undefined
  let shortest = Number.POSITIVE_INFINITY
  for (const { provider, target, accounts } of locked) {
    for (const { account, recoveryMs, codes } of accounts) {
      if (recoveryMs >= shortest || !codes.every(isPassing)) continue
      shortest = recoveryMs
      found = { provider, target, account }
    }
  }
  return found
}
