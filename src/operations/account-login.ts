import type { AccountId, ProviderId } from '../ir/ids.ts'
import type { Clock } from '../lib/clock.ts'
import { egressViews, type EgressOf } from './account-egress.ts'
import type { LiveConfig } from './live-config.ts'

/** What an account logs in with, as JSON. */
export interface LoginView {
  /** As `auth.kind` of the configuration, or what that stands for. */
  readonly kind: string
  /** Until the token it has ends; absent when there is none yet, or nobody knows. */
  readonly expires_ms?: number | undefined
}

/** Undefined for an account with a fixed key. */
export type LoginOf = (provider: ProviderId, account: AccountId) => LoginView | undefined

const loginViews =
  (live: Pick<LiveConfig, 'revision'>, clock: Pick<Clock, 'wall'>): LoginOf =>
  (id, account) => {
    const provider = live.revision.providers.get(id)
    const kind = provider?.settings.accounts.find((candidate) => candidate.id === account)?.credential?.kind
    if (provider === undefined || kind === undefined) return undefined
    const ends = provider.credentialOf({ id: account })?.expiresAt
    return ends === undefined ? { kind } : { kind, expires_ms: Math.round(ends - clock.wall()) }
  }

/** What is told of the accounts of the configuration in force, beside their state. */
export const accountViews = (
  live: Pick<LiveConfig, 'revision'>,
  clock: Pick<Clock, 'wall'>,
): { readonly loginOf: LoginOf; readonly egressOf: EgressOf } => ({
  loginOf: loginViews(live, clock),
  egressOf: egressViews(live),
})
