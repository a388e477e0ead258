import type { ErrorCode } from '../errors/codes.ts'
import type { GatewayError } from '../errors/gateway-error.ts'
import type { AccountId } from '../ir/ids.ts'
import type { Account } from './account.ts'

/** Why an account, or one model on it, is not used for a while. */
export interface AccountLock {
  readonly account: AccountId
  /** Undefined when the whole account is locked. */
  readonly model: string | undefined
  readonly code: ErrorCode
  /** `Clock.now()` at which it ends. */
  readonly until: number
  /** Failures in a row that double the wait. */
  readonly level: number
}

/** Longest lock by doubling. */
const MAX_BACKOFF_MS = 300_000
/** Longest lock that an upstream can name. */
const MAX_NAMED_MS = 60 * 60 * 1000
/** A lock that ended this long ago no longer raises the next one. */
const MEMORY_MS = 600_000
const MAX_LOCKS = 1024

/** Failures after which the wait doubles: the upstream asks for less, and each refusal says that it was not little enough. */
const DOUBLING: ReadonlySet<ErrorCode> = new Set(['upstream_rate_limited', 'upstream_quota_exceeded', 'upstream_overloaded'])

/** The locks of one provider's accounts. Bounded: model names come from clients. */
export class AccountLocks {
  private readonly locks = new Map<string, AccountLock>()

  /** No account was locked lately, so nothing has to be looked up. */
  get empty(): boolean {
    return this.locks.size === 0
  }

  /**
   * Locks what the error's row in the table says, for the time the upstream named or else the table's. An account without a
   * credential cannot have a bad one: there, what would lock the account locks the model.
   */
  add({ id, apiKey }: Account, model: string, error: GatewayError, now: number): void {
    const { locks, lockMs } = error.row
    if (locks === 'nothing') return
    const lockedModel = locks === 'account' && apiKey !== undefined ? undefined : model
    const key = keyOf(id, lockedModel)
    const earlier = this.locks.get(key)
    const level = DOUBLING.has(error.code) ? nextLevel(earlier, now) : 0
    const wait =
      error.retryAfterMs === undefined
        ? Math.min(lockMs * 2 ** level, Math.max(lockMs, MAX_BACKOFF_MS))
        : Math.min(error.retryAfterMs, MAX_NAMED_MS)
    const until = now + wait
    // The lock that lasts longest says why: a passing fault must not make a limit look like one.
    const lock = { account: id, model: lockedModel, code: error.code, until, level }
    this.locks.delete(key)
    this.locks.set(key, earlier !== undefined && earlier.until > until ? { ...earlier, level } : lock)
    if (this.locks.size > MAX_LOCKS) this.shrink(now)
  }

  /** The call worked: what was locked for it, and the memory of its failures, is gone. Other models keep theirs. */
  clear(account: AccountId, model: string): void {
    if (this.locks.size === 0) return
    this.locks.delete(keyOf(account, undefined))
    this.locks.delete(keyOf(account, model))
  }

  /** `Clock.now()` from which the account may be used for the model; in the past when it may be used now. */
  lockedUntil(account: AccountId, model: string): number {
    const whole = this.locks.get(keyOf(account, undefined))?.until ?? 0
    const single = this.locks.get(keyOf(account, model))?.until ?? 0
    return Math.max(whole, single)
  }

  /** What keeps the account from being used for the model. */
  inForce(account: AccountId, model: string, now: number): AccountLock[] {
    const found = [this.locks.get(keyOf(account, undefined)), this.locks.get(keyOf(account, model))]
    return found.filter((lock) => lock !== undefined && lock.until > now) as AccountLock[]
  }

  /** The locks in force. */
  active(now: number): AccountLock[] {
    return [...this.locks.values()].filter((lock) => lock.until > now)
  }

  /** Drops what is over and forgotten, and if that is not enough the oldest. */
  private shrink(now: number): void {
    for (const [key, lock] of this.locks) if (lock.until + MEMORY_MS <= now) this.locks.delete(key)
    for (const key of this.locks.keys()) {
      if (this.locks.size <= MAX_LOCKS) return
      this.locks.delete(key)
    }
  }
}

/** Calls that were already under way fail together: they count as one failure. */
function nextLevel(earlier: AccountLock | undefined, now: number): number {
  if (earlier === undefined || !DOUBLING.has(earlier.code) || earlier.until + MEMORY_MS <= now) return 0
  return earlier.until > now ? earlier.level : earlier.level + 1
}

const keyOf = (account: AccountId, model: string | undefined): string =>
  model === undefined ? account : `${account}\u0000${model}`
