import type { ResilienceSettings } from '../../ir/resilience.ts'
import type { HealthSettings } from './store.ts'

/** What the health of targets takes from the configuration. */
export const healthSettingsOf = ({ circuitBreaker, maxConcurrency }: ResilienceSettings): HealthSettings => ({
  circuit: circuitBreaker,
  providers: new Map([...maxConcurrency].map(([id, target]) => [id, { target }])),
})
