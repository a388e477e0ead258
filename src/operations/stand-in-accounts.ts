import { asAccountId, type ProviderId } from '../ir/ids.ts'
import type { RoutingSnapshot } from '../ir/snapshot.ts'

const STAND_IN = [{ id: asAccountId('stand-in'), priority: 0 }] as const

/** Providers of a snapshot without an account, nearly always because the keys are not set where the command runs. */
export const providersWithoutAccount = ({ providers }: RoutingSnapshot): ProviderId[] =>
  [...providers.values()].filter(({ accounts }) => accounts.length === 0).map(({ id }) => id)

/**
 * The snapshot with an account for each of the given providers. Policy is judged without secrets: whether keys are set in a shell or on a
 * build machine must not change which target a request gets. Nothing is ever called with these accounts.
 */
export function withStandInAccounts(snapshot: RoutingSnapshot, ids: readonly ProviderId[]): RoutingSnapshot {
  if (ids.length === 0) return snapshot
  const providers = new Map(snapshot.providers)
  for (const id of ids) {
    const provider = providers.get(id)
    if (provider !== undefined) providers.set(id, { ...provider, accounts: STAND_IN })
  }
  return { ...snapshot, providers }
}
