import type { AccountId } from '../ir/ids.ts'
import { limitWait, type RateLimits } from '../ir/rate-limits.ts'

interface Told {
  readonly account: AccountId
  readonly limits: RateLimits
  /** `Clock.now()` of the answer. */
  readonly at: number
}

/** Model names come from clients. */
const MOST_REMEMBERED = 1_024

/**
 * What the last answers told of the limits of one provider's accounts. A request that needs more tokens than are left would be refused, and
 * its refusal would lock the account for smaller ones too.
 */
export class LearnedLimits {
  private readonly told = new Map<string, Told>()

  learn(account: AccountId, model: string, limits: RateLimits, now: number): void {
    if (limits.tokens?.remaining === undefined) return
    const key = keyOf(account, model)
    this.told.delete(key)
    this.told.set(key, { account, limits, at: now })
    if (this.told.size <= MOST_REMEMBERED) return
    for (const oldest of this.told.keys()) return void this.told.delete(oldest)
  }

  /**
   * Milliseconds until the account can take a request of so many tokens: 0 when it can now or nobody knows, Infinity when it never can.
   * Limits of input tokens alone are left aside: what is read from a cache does not count there, and nobody knows before how much that is.
   */
  waitMs(account: AccountId, model: string, tokens: number, now: number): number {
    const told = this.told.size === 0 ? undefined : this.told.get(keyOf(account, model))
    if (told === undefined || told.limits.inputTokens !== undefined) return 0
    return Math.max(0, limitWait(told.limits, tokens) - (now - told.at))
  }

  /** Drops everything about the accounts that `keep` does not want. */
  retain(keep: (account: AccountId) => boolean): void {
    for (const [key, { account }] of this.told) if (!keep(account)) this.told.delete(key)
  }
}

const keyOf = (account: AccountId, model: string): string => `${account}\u0000${model}`
