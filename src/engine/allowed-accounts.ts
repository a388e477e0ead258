import type { AccountPool, LockedAccount, Tried } from '../credentials/account-pool.ts'
import type { AccountId, ProviderId } from '../ir/ids.ts'
import type { Principal } from '../ir/principal.ts'

/** As much of the pool as choosing an account takes. */
export type AccountChoice = Pick<AccountPool, 'candidates' | 'select' | 'locked' | 'short' | 'availability'>

/** The pool as a caller may use it: one who is confined to some accounts never sees the others. */
export function allowedAccounts(pool: AccountChoice, principal: Principal | undefined): AccountChoice {
  const allowed = principal?.allowed?.accounts
  if (allowed === undefined) return pool
  const names = new Set(allowed)
  const may = (provider: ProviderId, account: AccountId): boolean => names.has(`${provider}/${account}`)
  const without = (provider: ProviderId, tried: Tried | undefined) => ({
    has: (account: AccountId): boolean => tried?.has(account) === true || !may(provider, account),
  })
  const locked = (provider: ProviderId, model: string): LockedAccount[] =>
    pool.locked(provider, model).filter(({ account }) => may(provider, account.id))
  return {
    candidates: (provider, model, tried, prefer) => pool.candidates(provider, model, without(provider, tried), prefer),
    select: (provider, model, tried, prefer) => pool.select(provider, model, without(provider, tried), prefer),
    short: (provider, model, tokens) => pool.short(provider, model, tokens),
    locked,
    availability(provider, model) {
      const available = pool.candidates(provider, model, without(provider, undefined)).length
      const waiting = locked(provider, model)
      const soonest = available > 0 || waiting.length === 0 ? undefined : Math.min(...waiting.map(({ recoveryMs }) => recoveryMs))
      return { available, total: available + waiting.length, recoveryMs: soonest }
    },
  }
}
