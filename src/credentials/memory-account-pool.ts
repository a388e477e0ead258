import type { GatewayError } from '../errors/gateway-error.ts'
import type { AccountId, ProviderId } from '../ir/ids.ts'
import type { Disabled } from '../ir/observed.ts'
import type { RateLimits } from '../ir/rate-limits.ts'
import type { Clock } from '../lib/clock.ts'
import type { AccountChange } from './account-change.ts'
import { isSameAccount, type Account } from './account.ts'
import { AccountLocks, type AccountLock } from './account-locks.ts'
import type {
  AccountAvailability,
  AccountDisables,
  AccountHealth,
  AccountLockView,
  AccountPool,
  AccountPoolOptions,
  LockedAccount,
  PooledProvider,
  Tried,
} from './account-pool.ts'
import { AccountRotation } from './account-rotation.ts'
import { LearnedLimits } from './learned-limits.ts'

interface ProviderAccounts {
  readonly settings: PooledProvider
  /** By priority; accounts of the same priority keep the order of the configuration. */
  readonly accounts: readonly Account[]
  readonly locks: AccountLocks
  readonly limits: LearnedLimits
  readonly rotation: AccountRotation
  /** The answer of `availability` when all is well. */
  readonly all: AccountAvailability
}

const NONE: readonly Account[] = []
const NO_ACCOUNTS: AccountAvailability = { available: 0, total: 0 }
const NO_DISABLES: AccountDisables = { any: false, account: () => undefined }

/** The accounts of one process. */
export function createAccountPool(options: AccountPoolOptions): AccountPool {
  return new MemoryAccountPool(options)
}

class MemoryAccountPool implements AccountPool {
  private readonly clock: Pick<Clock, 'now' | 'wall'>
  private readonly disables: AccountDisables
  private readonly onChange: ((change: AccountChange) => void) | undefined
  private providers: ReadonlyMap<ProviderId, ProviderAccounts> = new Map()

  constructor({ providers, clock, disables = NO_DISABLES, onChange }: AccountPoolOptions) {
    this.clock = clock
    this.onChange = onChange
    this.disables = disables
    this.configure(providers)
  }

  candidates(provider: ProviderId, model: string, tried?: Tried, prefer?: AccountId): readonly Account[] {
    const found = this.providers.get(provider)
    if (found === undefined) return NONE
    const { accounts, settings, rotation } = found
    const usable = this.usable(found, model, tried)
    if (prefer !== undefined) {
      const own = usable.find(({ id }) => id === prefer)
      if (own !== undefined) return usable[0] === own ? usable : [own, ...usable.filter((account) => account !== own)]
    }
    return settings.selection === 'round_robin' ? rotation.order(accounts, usable, settings.sticky ?? 1) : usable
  }

  select(provider: ProviderId, model: string, tried?: Tried, prefer?: AccountId): readonly Account[] {
    const chosen = this.candidates(provider, model, tried, prefer)
    // A session that stays with its account takes nobody's turn.
    if (chosen[0] !== undefined && chosen[0].id !== prefer) this.providers.get(provider)?.rotation.take(chosen[0].id)
    return chosen
  }

  holds(provider: ProviderId, account: Account): boolean {
    const accounts = this.providers.get(provider)?.accounts ?? NONE
    return accounts.includes(account) || accounts.some((other) => isSameAccount(other, account))
  }

  failed(provider: ProviderId, account: AccountId, model: string, error: GatewayError): void {
    const found = this.providers.get(provider)
    const failing = found?.accounts.find(({ id }) => id === account)
    if (found === undefined || failing === undefined) return
    const now = this.clock.now()
    const lock = found.locks.add(failing, model, error, now)
    if (lock !== undefined) this.tell(provider, lock, now)
  }

  limited(provider: ProviderId, account: AccountId, model: string, untilMs: number): void {
    const found = this.providers.get(provider)
    if (found?.accounts.some(({ id }) => id === account) !== true) return
    const now = this.clock.now()
    if (found.locks.limit(account, model, untilMs, now))
      this.tell(provider, { account, model, code: 'upstream_rate_limited', until: untilMs, level: 0, learned: true }, now)
  }

  told(provider: ProviderId, account: AccountId, model: string, limits: RateLimits): void {
    const found = this.providers.get(provider)
    if (found?.accounts.some(({ id }) => id === account) === true) found.limits.learn(account, model, limits, this.clock.now())
  }

  short(provider: ProviderId, model: string, tokens: number): ReadonlyMap<AccountId, number> | undefined {
    const found = this.providers.get(provider)
    if (found === undefined) return undefined
    const now = this.clock.now()
    let short: Map<AccountId, number> | undefined
    for (const { id } of found.accounts) {
      const waitMs = found.limits.waitMs(id, model, tokens, now)
      if (waitMs > 0) (short ??= new Map()).set(id, waitMs)
    }
    return short
  }

  succeeded(provider: ProviderId, account: AccountId, model: string, startedAtMs = Number.POSITIVE_INFINITY): void {
    if (this.providers.get(provider)?.locks.clear(account, model, startedAtMs) !== true) return
    const startedMsAgo = Math.max(0, this.clock.now() - startedAtMs)
    this.onChange?.({ kind: 'cleared', provider, account, model, startedMsAgo })
  }

  reset(provider: ProviderId, account: AccountId): number {
    const found = this.providers.get(provider)
    const inForce = found?.locks.active(this.clock.now()).filter((lock) => lock.account === account).length ?? 0
    if (found !== undefined) retain(found, (id) => id !== account)
    this.onChange?.({ kind: 'reset', provider, account })
    return inForce
  }

  adopt(change: AccountChange, ageMs: number): void {
    const { provider, account } = change
    const found = this.providers.get(provider)
    if (found?.accounts.some(({ id }) => id === account) !== true) return
    const now = this.clock.now()
    if (change.kind === 'reset') retain(found, (id) => id !== account)
    else if (change.kind === 'cleared') found.locks.clear(account, change.model, now - ageMs - change.startedMsAgo)
    else {
      const { model, code, level, learned, forMs } = change
      found.locks.adopt({ account, model, code, level, learned, since: now - ageMs, until: now - ageMs + forMs }, now)
    }
  }

  availability(provider: ProviderId, model: string): AccountAvailability {
    const found = this.providers.get(provider)
    if (found === undefined) return NO_ACCOUNTS
    const { accounts, locks, all } = found
    const available = this.usable(found, model).length
    if (available === accounts.length) return all
    if (available > 0) return { available, total: accounts.length }
    const now = this.clock.now()
    const waits = accounts.map(({ id }) => Math.max(locks.lockedUntil(id, model) - now, this.disabledFor(provider, id)))
    const soonest = Math.min(...waits)
    return { available, total: accounts.length, recoveryMs: Number.isFinite(soonest) ? Math.ceil(soonest) : undefined }
  }

  locked(provider: ProviderId, model: string): readonly LockedAccount[] {
    const found = this.providers.get(provider)
    if (found === undefined) return []
    const now = this.clock.now()
    return found.accounts.flatMap((account) => {
      const locks = found.locks.inForce(account.id, model, now)
      if (locks.length === 0 || this.disables.account(provider, account.id) !== undefined) return []
      const until = Math.max(...locks.map((lock) => lock.until))
      return [{ account, recoveryMs: Math.ceil(until - now), codes: [...new Set(locks.map((lock) => lock.code))] }]
    })
  }

  disabled(provider: ProviderId): readonly { account: Account; disabled: Disabled }[] {
    return (this.providers.get(provider)?.accounts ?? NONE).flatMap((account) => {
      const disabled = this.disables.account(provider, account.id)
      return disabled === undefined ? [] : [{ account, disabled }]
    })
  }

  snapshot(): readonly AccountHealth[] {
    const now = this.clock.now()
    return [...this.providers].flatMap(([provider, { accounts, locks }]) => {
      const active = locks.active(now)
      return accounts.map(({ id }) => {
        const own = active.filter((lock) => lock.account === id)
        const disabled = this.disables.account(provider, id)
        return {
          provider,
          id,
          healthy: own.length === 0 && disabled === undefined,
          locks: own.map((lock) => viewOf(lock, now)),
          ...(disabled === undefined ? {} : { disabled }),
        }
      })
    })
  }

  configure(providers: readonly PooledProvider[]): void {
    const earlier = this.providers
    this.providers = new Map(providers.map((settings) => [settings.id, carriedOver(settings, earlier.get(settings.id))]))
  }

  private tell(provider: ProviderId, lock: Omit<AccountLock, 'since'>, now: number): void {
    const { account, model, code, level, learned, until } = lock
    this.onChange?.({ kind: 'locked', provider, account, model, code, level, learned, forMs: Math.max(0, until - now) })
  }

  private usable(found: ProviderAccounts, model: string, tried?: Tried): readonly Account[] {
    const { accounts, locks, settings } = found
    const now = this.clock.now()
    const { any } = this.disables
    // The ordinary case costs one comparison and no copy.
    if (tried === undefined && !any && locks.isQuiet(now)) return accounts
    return accounts.filter(
      ({ id }) =>
        tried?.has(id) !== true &&
        locks.lockedUntil(id, model) <= now &&
        (!any || this.disables.account(settings.id, id) === undefined),
    )
  }

  /** Milliseconds until a disabled account may be used again; 0 when it is not disabled. */
  private disabledFor(provider: ProviderId, account: AccountId): number {
    const disabled = this.disables.account(provider, account)
    if (disabled === undefined) return 0
    return disabled.until === undefined ? Number.POSITIVE_INFINITY : Math.max(0, disabled.until - this.clock.wall())
  }
}

function carriedOver(settings: PooledProvider, earlier: ProviderAccounts | undefined): ProviderAccounts {
  const accounts = settings.accounts.toSorted((left, right) => left.priority - right.priority)
  const { locks, limits, rotation } = earlier ?? {
    locks: new AccountLocks(),
    limits: new LearnedLimits(),
    rotation: new AccountRotation(),
  }
  const isSame = (id: AccountId): boolean => {
    const now = accounts.find((account) => account.id === id)
    return (
      now !== undefined &&
      earlier?.settings.endpoint === settings.endpoint &&
      earlier?.accounts.some((before) => isSameAccount(before, now)) === true
    )
  }
  retain({ locks, limits }, isSame)
  return { settings, accounts, locks, limits, rotation, all: { available: accounts.length, total: accounts.length } }
}

const retain = (known: Pick<ProviderAccounts, 'locks' | 'limits'>, isKept: (id: AccountId) => boolean): void =>
  [known.locks, known.limits].forEach((of) => of.retain(isKept))

function viewOf({ model, code, until, learned }: AccountLock, now: number): AccountLockView {
  return {
    scope: model === undefined ? 'account' : 'model',
    ...(model === undefined ? {} : { model }),
    error_code: code,
    retry_after_ms: Math.ceil(until - now),
    ...(learned ? { learned: true as const } : {}),
  }
}
