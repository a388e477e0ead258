import type { LockedAccount } from '../credentials/account-pool.ts'
import { ERROR_TABLE, type ErrorCategory, type ErrorCode } from '../errors/codes.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { SkippedTarget } from '../ir/record.ts'
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

/** What the client is told when nothing could be tried: a limit as a limit, with the time until the first account may be used again. */
export function lockedOutError(locked: readonly LockedTarget[]): GatewayError {
  const accounts = locked.flatMap((target) => target.accounts)
  const codes = new Set(accounts.flatMap((account) => account.codes))
  const code = (['upstream_rate_limited', 'upstream_quota_exceeded'] as const).find((limit) => codes.has(limit))
  const names = locked.map(({ target }) => target.id).join(', ')
  const retryAfterMs = Math.min(...accounts.map((account) => account.recoveryMs))
  const options = Number.isFinite(retryAfterMs) ? { retryAfterMs } : {}
  if (code !== undefined)
    return new GatewayError(
      code,
      `The accounts for ${names} have reached their limits. Send the request again when the time in Retry-After has passed.`,
      options,
    )
  return new GatewayError(
    'all_targets_unavailable',
    `Every account for ${names} is out of use after earlier failures (${[...codes].join(', ')}). The records of those requests tell more.`,
    options,
  )
}

/** As the record tells it. */
export function skippedTarget({ target, accounts }: LockedTarget): SkippedTarget {
  const codes = new Set(accounts.flatMap((account) => account.codes))
  return {
    target_id: target.id,
    error_codes: [...codes],
    retry_after_ms: Math.min(...accounts.map((account) => account.recoveryMs)),
  }
}
