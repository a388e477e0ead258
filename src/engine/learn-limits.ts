import { exhaustedResetMs } from '../ir/rate-limits.ts'
import { rateLimitsOf } from '../providers/rate-limit-headers.ts'
import type { AttemptInput } from './attempt.ts'
import type { ExecutionDeps } from './execution-deps.ts'

/** What the headers of an answer tell of the account's limits. One that is used up is heeded before it refuses. */
export function learnLimits(
  headers: Headers,
  { provider, account, target }: Pick<AttemptInput, 'provider' | 'account' | 'target'>,
  { clock, accounts }: Pick<ExecutionDeps, 'clock' | 'accounts'>,
): void {
  const limits = rateLimitsOf(headers, clock.wall())
  if (limits === undefined || !accounts.holds(provider.id, account)) return
  accounts.told(provider.id, account.id, target.model, limits)
  const resetMs = exhaustedResetMs(limits)
  if (resetMs !== undefined) accounts.limited(provider.id, account.id, target.model, clock.now() + resetMs)
}
