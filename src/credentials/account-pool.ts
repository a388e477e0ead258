import type { ErrorCode } from '../errors/codes.ts'
import type { GatewayError } from '../errors/gateway-error.ts'
import type { AccountId, ProviderId } from '../ir/ids.ts'
import type { Disabled } from '../ir/observed.ts'
import type { RateLimits } from '../ir/rate-limits.ts'
import type { Clock } from '../lib/clock.ts'
import type { AccountChange } from './account-change.ts'
import type { Account } from './account.ts'

/**
 * Which accounts of a provider can be used now, in which order, and what their failures mean. What is known is kept over a
 * change of the configuration. Times are of `Clock.now()`.
 */
export interface AccountPool {
  /**
   * Accounts that are neither locked for the model nor disabled, the next in turn first; without those in `tried`. A session's own
   * account (`prefer`) comes first while it can be used. Reads only: the answer is what `select` would give.
   */
  candidates(provider: ProviderId, model: string, tried?: Tried, prefer?: AccountId): readonly Account[]
  /** As `candidates`, for a request that is about to use the first of them: takes its turn where accounts take turns. */
  select(provider: ProviderId, model: string, tried?: Tried, prefer?: AccountId): readonly Account[]
  /** Whether the account is configured now, with this credential. */
  holds(provider: ProviderId, account: Account): boolean
  /** A call failed for good on this account: locks what the table of errors says, for other calls too. */
  failed(provider: ProviderId, account: AccountId, model: string, error: GatewayError): void
  /** An answer's rate-limit headers say that nothing is left until `untilMs`: the account is passed over for the model until then. */
  limited(provider: ProviderId, account: AccountId, model: string, untilMs: number): void
  /** What an answer's headers told of the account's limits. */
  told(provider: ProviderId, account: AccountId, model: string, limits: RateLimits): void
  /**
   * Accounts that have not enough left for a request of so many tokens, by what answers told, and milliseconds until they have; Infinity
   * for those whose limit is smaller as a whole. Undefined when nobody is known to be short.
   */
  short(provider: ProviderId, model: string, tokens: number): ReadonlyMap<AccountId, number> | undefined
  /** A call worked: its locks and the memory of its failures go, but not what failed after `startedAtMs`, when the call began. */
  succeeded(provider: ProviderId, account: AccountId, model: string, startedAtMs?: number): void
  /** An operator says that the account works again: all its locks go, learned limits too. Returns how many were in force. */
  reset(provider: ProviderId, account: AccountId): number
  /** How many accounts there are and can be used for the model, and when the first can if none. */
  availability(provider: ProviderId, model: string): AccountAvailability
  /** The accounts that are locked for the model, and why. Disabled ones are not among them: those must not be tried at all. */
  locked(provider: ProviderId, model: string): readonly LockedAccount[]
  /** The accounts that an operator has taken out of use. */
  disabled(provider: ProviderId): readonly { readonly account: Account; readonly disabled: Disabled }[]
  /** Everything that is locked or disabled, for health views. */
  snapshot(): readonly AccountHealth[]
  /** Takes over what happened to an account in another replica `ageMs` ago. */
  adopt(change: AccountChange, ageMs: number): void
  /** Takes a new list of accounts. What is known of those that stay is kept, unless their credential is another one. */
  configure(providers: readonly PooledProvider[]): void
}

export interface AccountAvailability {
  readonly available: number
  readonly total: number
  /** Milliseconds until the first can be used; undefined when one can be now, or when none will be without an operator. */
  readonly recoveryMs?: number | undefined
}

/** An account that cannot be used for a model now. */
export interface LockedAccount {
  readonly account: Account
  /** Milliseconds until it can. */
  readonly recoveryMs: number
  /** The failures that locked it. */
  readonly codes: readonly ErrorCode[]
}

/** State of one account, as health views show it. */
export interface AccountHealth {
  readonly provider: ProviderId
  readonly id: AccountId
  readonly healthy: boolean
  readonly locks: readonly AccountLockView[]
  readonly disabled?: Disabled | undefined
}

export interface AccountLockView {
  readonly scope: 'account' | 'model'
  readonly model?: string | undefined
  readonly error_code: string
  readonly retry_after_ms: number
  /** Nothing failed: an answer's headers told of the limit. */
  readonly learned?: true | undefined
}

/** A provider's accounts and how one is chosen. */
export interface PooledProvider {
  readonly id: ProviderId
  /** Address of the upstream. What is known of accounts at one address says nothing of another one. */
  readonly endpoint?: string | undefined
  readonly accounts: readonly Account[]
  /** `fill_first` (default) uses the best account until it is locked; `round_robin` lets accounts of the best priority take turns. */
  readonly selection?: 'fill_first' | 'round_robin' | undefined
  /** Requests an account serves before the next one's turn; default 1. */
  readonly sticky?: number | undefined
}

/** What operators have taken out of use. */
export interface AccountDisables {
  /** Anything at all is disabled. */
  readonly any: boolean
  /** Why the account must not be used; undefined when it may. */
  account(provider: ProviderId, account: AccountId): Disabled | undefined
}

export interface AccountPoolOptions {
  readonly providers: readonly PooledProvider[]
  readonly clock: Pick<Clock, 'now' | 'wall'>
  readonly disables?: AccountDisables | undefined
  /** Told of everything that happens to locks here, for the other replicas. */
  readonly onChange?: ((change: AccountChange) => void) | undefined
}

/** Accounts that are not to be used. */
export type Tried = Pick<ReadonlySet<AccountId>, 'has'>
