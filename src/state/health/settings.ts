import type { ProviderId } from '../../ir/ids.ts'
import type { ResilienceSettings } from '../../ir/resilience.ts'
import type { HealthSettings } from './store.ts'

/** Used before a configuration comes: the figures that the configuration has by default, and no limits. */
export const DEFAULT_SETTINGS: HealthSettings = {
  circuit: { enabled: true, failureThreshold: 5, openMs: 30_000 },
  scorecard: {
    enabled: true,
    maxSamples: 200,
    ttlMs: 86_400_000,
    minSamples: 8,
    demoteSuccessRate: 0.6,
    recoverSuccessRate: 0.85,
    truncationDemoteRate: 0.25,
    fastDemoteStreak: 3,
    fastRecoverStreak: 3,
    priorWeight: 5,
    priorSuccessRate: 0.95,
    staleHydrateMs: 172_800_000,
  },
  retryBudget: 0.2,
  maxConcurrency: new Map(),
}

/**
 * What a health store needs of a configuration. With the ids of its `providers`, what is known of others is forgotten; without them
 * nothing is.
 */
export function healthSettingsOf(resilience: ResilienceSettings, providers?: Iterable<ProviderId>): HealthSettings {
  const { circuitBreaker, scorecard, retryBudget, maxConcurrency } = resilience
  return {
    circuit: circuitBreaker,
    scorecard,
    retryBudget,
    maxConcurrency,
    providers: providers === undefined ? undefined : new Set(providers),
  }
}
