import type { ErrorCode } from '../errors/codes.ts'
import type { GatewayError } from '../errors/gateway-error.ts'
import type { AccountId, ProviderId } from '../ir/ids.ts'
import type { Clock } from '../lib/clock.ts'
import type { Account } from './account.ts'
import { AccountLocks } from './account-locks.ts'

/** Which accounts of a provider can be used now, in which order, and what their failures mean. In memory, for one process. */
export interface AccountPool {
  /** Accounts that are not locked for the model, the preferred first; without those in `tried`. */
  candidates(provider: ProviderId, model: string, tried?: ReadonlySet<AccountId>): readonly Account[]
  /** A call failed for good on this account: locks what the table of errors says, for other calls too. */
  failed(provider: ProviderId, account: AccountId, model: string, error: GatewayError): void
  /** A call worked: its locks and the memory of its failures go. */
  succeeded(provider: ProviderId, account: AccountId, model: string): void
  /** The accounts that are locked for the model, and why. */
  locked(provider: ProviderId, model: string): readonly LockedAccount[]
  /** Everything that is locked, for health views. */
  snapshot(): readonly AccountHealth[]
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
}

export interface AccountLockView {
  readonly scope: 'account' | 'model'
  readonly model?: string | undefined
  readonly error_code: string
  readonly retry_after_ms: number
}

export interface AccountPoolOptions {
  readonly providers: readonly { readonly id: ProviderId; readonly accounts: readonly Account[] }[]
  readonly clock: Pick<Clock, 'now'>
}

interface ProviderAccounts {
  /** By priority; accounts of the same priority keep the order of the configuration. */
  readonly accounts: readonly Account[]
  readonly locks: AccountLocks
}

const NONE: readonly Account[] = []

/** Fills the first account before it uses the second; a locked one is passed over. */
export function createAccountPool({ providers, clock }: AccountPoolOptions): AccountPool {
  const byProvider = new Map<ProviderId, ProviderAccounts>(
    providers.map(({ id, accounts }) => [
      id,
      { accounts: accounts.toSorted((left, right) => left.priority - right.priority), locks: new AccountLocks() },
    ]),
  )
  return {
    candidates(provider, model, tried) {
      const found = byProvider.get(provider)
      if (found === undefined) return NONE
      const { accounts, locks } = found
      // The ordinary case costs one look-up and no copy.
      if (locks.empty && tried === undefined) return accounts
      const now = clock.now()
      return accounts.filter(({ id }) => tried?.has(id) !== true && locks.lockedUntil(id, model) <= now)
    },
    failed(provider, account, model, error) {
      const found = byProvider.get(provider)
      const failing = found?.accounts.find(({ id }) => id === account)
      if (found !== undefined && failing !== undefined) found.locks.add(failing, model, error, clock.now())
    },
    succeeded(provider, account, model) {
      byProvider.get(provider)?.locks.clear(account, model)
    },
    locked(provider, model) {
      const found = byProvider.get(provider)
      if (found === undefined) return []
      const now = clock.now()
      return found.accounts.flatMap((account) => {
        const locks = found.locks.inForce(account.id, model, now)
        if (locks.length === 0) return []
        const until = Math.max(...locks.map((lock) => lock.until))
        return [{ account, recoveryMs: Math.ceil(until - now), codes: locks.map((lock) => lock.code) }]
      })
    },
    snapshot() {
      const now = clock.now()
      return [...byProvider].flatMap(([provider, entry]) => healthOf(provider, entry, now))
    },
  }
}

function healthOf(provider: ProviderId, { accounts, locks }: ProviderAccounts, now: number): AccountHealth[] {
  const active = locks.active(now)
  return accounts.map(({ id }) => {
    const own = active.filter((lock) => lock.account === id)
    return {
      provider,
      id,
      healthy: own.length === 0,
      locks: own.map(({ model, code, until }) => ({
        scope: model === undefined ? ('account' as const) : ('model' as const),
        ...(model === undefined ? {} : { model }),
        error_code: code,
        retry_after_ms: Math.ceil(until - now),
      })),
    }
  })
}
