import { exhaustedResetMs } from '../ir/rate-limits.ts'
import { rateLimitsOf } from '../providers/rate-limit-headers.ts'
import type { AttemptInput } from './attempt.ts'
import type { ExecutionDeps } from './execution-deps.ts'

type Asked = Pick<AttemptInput, 'provider' | 'account' | 'target'>

/**
 * What the head of an answer tells beside itself: whether the address is there, where formats are found out, and the account's limits. One
 * that is used up is heeded before it refuses.
 */
export function learnFromHead(
  { status, headers }: Pick<Response, 'status' | 'headers'>,
  { provider, account, target }: Asked,
  { clock, accounts, formats }: Pick<ExecutionDeps, 'clock' | 'accounts' | 'formats'>,
): void {
  if (provider.settings.findsFormat === true) formats?.heard(target, status)
  const limits = rateLimitsOf(headers, clock.wall())
  if (limits === undefined || !accounts.holds(provider.id, account)) return
  accounts.told(provider.id, account.id, target.model, limits)
  const resetMs = exhaustedResetMs(limits)
  if (resetMs !== undefined) accounts.limited(provider.id, account.id, target.model, clock.now() + resetMs)
}
