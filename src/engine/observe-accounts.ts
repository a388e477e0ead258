import type { AccountPool } from '../credentials/account-pool.ts'
import type { ObservedState, TargetObservation } from '../ir/observed.ts'
import type { ProviderId } from '../ir/ids.ts'
import type { RoutingSnapshot } from '../ir/snapshot.ts'

/** State of targets as far as their accounts tell it: how many can be used now, and when the first can again. */
export function observeAccounts(
  accounts: Pick<AccountPool, 'candidates' | 'locked'>,
  snapshot: () => Pick<RoutingSnapshot, 'providers'>,
): Pick<ObservedState, 'of'> {
  // Nearly always every account can be used, so that one value serves all calls to a provider.
  const untroubled = new Map<ProviderId, TargetObservation>()
  return {
    of: ({ provider, model }) => {
      const accountsTotal = snapshot().providers.get(provider)?.accounts.length ?? 0
      const accountsAvailable = accounts.candidates(provider, model).length
      if (accountsAvailable !== accountsTotal || accountsTotal === 0) {
        const recovery = accountsAvailable > 0 ? [] : accounts.locked(provider, model).map(({ recoveryMs }) => recoveryMs)
        return {
          accountsAvailable,
          accountsTotal,
          circuit: 'closed',
          inFlight: 0,
          ...(recovery.length === 0 ? {} : { recoveryMs: Math.min(...recovery) }),
        }
      }
      let observation = untroubled.get(provider)
      if (observation?.accountsTotal !== accountsTotal) {
        observation = { accountsAvailable, accountsTotal, circuit: 'closed', inFlight: 0 }
        untroubled.set(provider, observation)
      }
      return observation
    },
  }
}
