import type { ProviderId } from '../../ir/ids.ts'
import { Bulkhead } from './bulkhead.ts'
import { CircuitBreaker } from './circuit-breaker.ts'
import type { ConcurrencyLimits } from './store.ts'

const UNLIMITED: ConcurrencyLimits = {}

/** What is known of one provider as a whole, and the limits its configuration sets. */
export class ProviderHealth {
  readonly id: ProviderId
  readonly circuit = new CircuitBreaker()
  readonly slots = new Bulkhead()
  limits: ConcurrencyLimits

  constructor(id: ProviderId, limits: ConcurrencyLimits = UNLIMITED) {
    this.id = id
    this.limits = limits
  }
}
