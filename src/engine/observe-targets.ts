import type { AccountPool } from '../credentials/account-pool.ts'
import type { ObservedState, TargetObservation } from '../ir/observed.ts'
import type { DisableStore } from '../state/disables/store.ts'
import type { HealthStore } from '../state/health/store.ts'
import type { Limiter } from './limits/limiter.ts'

export interface ObservedParts {
  readonly accounts: Pick<AccountPool, 'availability'>
  readonly health: Pick<HealthStore, 'observe'>
  readonly disables: Pick<DisableStore, 'any' | 'model'>
  readonly limiter?: Pick<Limiter, 'limitedBy'> | undefined
}

/** What decisions may know of targets: their accounts, their health, what operators have taken out of use, and limits that are used up. */
export function observeTargets({ accounts, health, disables, limiter }: ObservedParts): Pick<ObservedState, 'of'> {
  return {
    of(target): TargetObservation {
      const { available, total, recoveryMs } = accounts.availability(target.provider, target.model)
      const seen = health.observe(target)
      const disabled = disables.any ? disables.model(target.provider, target.model) : undefined
      return {
        accountsAvailable: available,
        accountsTotal: total,
        circuit: seen.circuit,
        recoveryMs: later(recoveryMs, seen.recoveryMs),
        inFlight: seen.inFlight,
        maxConcurrency: seen.maxConcurrency,
        ttftMs: seen.ttftMs,
        totalMs: seen.totalMs,
        outcome: seen.outcome,
        disabled,
        limited: limiter?.limitedBy(target),
      }
    },
  }
}

/** Both must let a call through. */
const later = (left: number | undefined, right: number | undefined): number | undefined =>
  left === undefined || right === undefined ? (left ?? right) : Math.max(left, right)
