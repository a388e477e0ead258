import type { ErrorCode } from '../errors/codes.ts'
import type { GatewayError } from '../errors/gateway-error.ts'
import type { AccountId } from '../ir/ids.ts'
import { hasCredential, type Account } from './account.ts'

/** Why an account, or one model on it, is not used for a while. Times are of `Clock.now()`. */
export interface AccountLock {
  readonly account: AccountId
  /** Undefined when the whole account is locked. */
  readonly model: string | undefined
  readonly code: ErrorCode
  readonly since: number
  readonly until: number
  /** Failures in a row that double the wait. */
  readonly level: number
  /** Nothing failed: an answer said that nothing more is allowed until then. */
  readonly learned: boolean
}

/** Longest lock by doubling. */
const MAX_BACKOFF_MS = 300_000
/** Longest lock that an upstream can name. */
const MAX_NAMED_MS = 60 * 60 * 1000
/** A lock that ended this long ago no longer raises the next one. */
const MEMORY_MS = 600_000
/** Most locks of single models, and most learned limits. */
const MAX_LOCKS = 1024

/** Failures after which the wait doubles: the upstream asks for less, and each refusal says that it was not little enough. */
const DOUBLING: ReadonlySet<ErrorCode> = new Set(['upstream_rate_limited', 'upstream_quota_exceeded', 'upstream_overloaded'])

/** The locks of one provider's accounts. Bounded: model names come from clients. */
export class AccountLocks {
  /** One for each account at most, so that no flood of models can push them out. */
  private readonly whole = new Map<AccountId, AccountLock>()
  private readonly single = new Map<string, AccountLock>()
  private readonly limits = new Map<string, AccountLock>()
  /** Nothing is locked from then on. */
  private lastUntil = Number.NEGATIVE_INFINITY

  /** Whether nothing is locked, so that no account has to be looked up. */
  isQuiet(now: number): boolean {
    return now >= this.lastUntil
  }

  /**
   * Locks what the error's row in the table says, for the time the upstream named or else the table's. An account without a
   * credential cannot have a bad one: there, what would lock the account locks the model.
   */
  add(failing: Account, model: string, error: GatewayError, now: number): AccountLock | undefined {
    const { id } = failing
    const { locks, lockMs } = error.row
    if (locks === 'nothing') return undefined
    const isWhole = locks === 'account' && hasCredential(failing)
    const earlier = isWhole ? this.whole.get(id) : this.single.get(keyOf(id, model))
    const level = DOUBLING.has(error.code) ? nextLevel(earlier, now) : 0
    const wait =
      error.retryAfterMs === undefined
        ? Math.min(lockMs * 2 ** level, Math.max(lockMs, MAX_BACKOFF_MS))
        : Math.min(error.retryAfterMs, MAX_NAMED_MS)
    const until = now + wait
    const lock = { account: id, model: isWhole ? undefined : model, code: error.code, since: now, until, level, learned: false }
    // The lock that lasts longest says why: a passing fault must not make a limit look like one.
    const kept = earlier !== undefined && earlier.until > until ? { ...earlier, since: now, level } : lock
    this.lastUntil = Math.max(this.lastUntil, kept.until)
    if (isWhole) this.whole.set(id, kept)
    else put(this.single, keyOf(id, model), kept, now)
    return kept
  }

  /** An answer says that the account has nothing left for the model until `until`. What it says last holds, sooner or later. Whether that is news. */
  limit(account: AccountId, model: string, until: number, now: number): boolean {
    const end = Math.min(until, now + MAX_NAMED_MS)
    const key = keyOf(account, model)
    if (!(end > now)) return this.limits.delete(key)
    const isNews = this.limits.get(key)?.until !== end
    this.lastUntil = Math.max(this.lastUntil, end)
    const code = 'upstream_rate_limited'
    put(this.limits, key, { account, model, code, since: now, until: end, level: 0, learned: true }, now)
    return isNews
  }

  /**
   * The call worked: what was locked for it before it began, and the memory of its failures, is gone. What failed since then says more
   * than a call that was already under way. Other models, and limits that answers told of, keep theirs. Whether there was anything.
   */
  clear(account: AccountId, model: string, startedAt: number): boolean {
    if (this.lastUntil === Number.NEGATIVE_INFINITY) return false
    const key = keyOf(account, model)
    let cleared = false
    if ((this.whole.get(account)?.since ?? 0) <= startedAt) cleared = this.whole.delete(account)
    if ((this.single.get(key)?.since ?? 0) <= startedAt) cleared = this.single.delete(key) || cleared
    if (this.whole.size + this.single.size + this.limits.size === 0) this.lastUntil = Number.NEGATIVE_INFINITY
    return cleared
  }

  /** Takes over a lock that another replica has made. Of two the one that lasts longest holds; of learned limits the one told last. */
  adopt(lock: AccountLock, now: number): void {
    const { account, model, until, learned } = lock
    if (learned) {
      this.limit(account, model ?? '', until, now)
      return
    }
    const earlier = model === undefined ? this.whole.get(account) : this.single.get(keyOf(account, model))
    if (until <= now || (earlier !== undefined && earlier.until >= until)) return
    this.lastUntil = Math.max(this.lastUntil, until)
    if (model === undefined) this.whole.set(account, lock)
    else put(this.single, keyOf(account, model), lock, now)
  }

  /** Drops everything about the accounts that `keep` does not want. */
  retain(keep: (account: AccountId) => boolean): void {
    for (const locks of [this.whole, this.single, this.limits] as Map<string, AccountLock>[])
      for (const [key, { account }] of locks) if (!keep(account)) locks.delete(key)
  }

  /** `Clock.now()` from which the account may be used for the model; in the past when it may be used now. */
  lockedUntil(account: AccountId, model: string): number {
    const key = keyOf(account, model)
    return Math.max(this.whole.get(account)?.until ?? 0, this.single.get(key)?.until ?? 0, this.limits.get(key)?.until ?? 0)
  }

  /** What keeps the account from being used for the model. */
  inForce(account: AccountId, model: string, now: number): AccountLock[] {
    const key = keyOf(account, model)
    const found = [this.whole.get(account), this.single.get(key), this.limits.get(key)]
    return found.filter((lock) => lock !== undefined && lock.until > now) as AccountLock[]
  }

  /** The locks in force. */
  active(now: number): AccountLock[] {
    return [...this.whole.values(), ...this.single.values(), ...this.limits.values()].filter((lock) => lock.until > now)
  }
}

/** Puts a lock last; of too many, what is over and forgotten goes, and if that is not enough the oldest. */
function put(locks: Map<string, AccountLock>, key: string, lock: AccountLock, now: number): void {
  locks.delete(key)
  locks.set(key, lock)
  if (locks.size <= MAX_LOCKS) return
  for (const [other, { until }] of locks) if (until + MEMORY_MS <= now) locks.delete(other)
  for (const other of locks.keys()) {
    if (locks.size <= MAX_LOCKS) return
    locks.delete(other)
  }
}

/** Calls that were already under way fail together: they count as one failure. */
function nextLevel(earlier: AccountLock | undefined, now: number): number {
  if (earlier === undefined || !DOUBLING.has(earlier.code) || earlier.until + MEMORY_MS <= now) return 0
  return earlier.until > now ? earlier.level : earlier.level + 1
}

const keyOf = (account: AccountId, model: string): string => `${account}\u0000${model}`
