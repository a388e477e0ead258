import { expect, test } from 'bun:test'
import { loadConfigText, loaded } from '../../../test/support/load-config-text.ts'
import { asProviderId } from '../../ir/ids.ts'
import type { RoutingSnapshot } from '../../ir/snapshot.ts'
import { DEFAULT_SETTINGS, healthSettingsOf } from './settings.ts'

const routingOf = (text: string): RoutingSnapshot => loaded(loadConfigText(text)).compiled.routing

test('a configuration that says nothing means the default settings', () => {
  const { resilience } = routingOf('providers: [{ id: mock, type: mock }]\n')
  const settings = healthSettingsOf(resilience)
  expect(settings).toMatchObject(DEFAULT_SETTINGS)
  expect(settings.providers).toBeUndefined()
})

test('each key of the configuration on health comes through', () => {
  const { resilience, providers } = routingOf(`server:
  retry: { budget: 0.1 }
  circuit_breaker: { enabled: false, failure_threshold: 7, open_secs: 9 }
  scorecard:
    enabled: false
    window: { max_samples: 11, ttl_secs: 12 }
    demotion: { min_samples: 13, demote_success_rate: 0.14, recover_success_rate: 0.15, trunc_demote_rate: 0.16, fast_demote_streak: 17, fast_recover_streak: 18 }
    prior: { weight: 19, default_success_rate: 0.2 }
    persist: { stale_hydrate_secs: 21 }
providers: [{ id: mock, type: mock, max_concurrency: 4 }, { id: other, type: mock }]
`)
  expect(healthSettingsOf(resilience, providers.keys())).toMatchObject({
    circuit: { enabled: false, failureThreshold: 7, openMs: 9_000 },
    scorecard: {
      enabled: false,
      maxSamples: 11,
      ttlMs: 12_000,
      minSamples: 13,
      demoteSuccessRate: 0.14,
      recoverSuccessRate: 0.15,
      truncationDemoteRate: 0.16,
      fastDemoteStreak: 17,
      fastRecoverStreak: 18,
      priorWeight: 19,
      priorSuccessRate: 0.2,
      staleHydrateMs: 21_000,
    },
    retryBudget: 0.1,
    maxConcurrency: new Map([[asProviderId('mock'), 4]]),
    providers: new Set(['mock', 'other'].map(asProviderId)),
  })
})
