import type { ProviderId } from '../../ir/ids.ts'
import { Bulkhead } from './bulkhead.ts'
import { CircuitBreaker } from './circuit-breaker.ts'

/** What is known of one provider as a whole, and the limit its configuration sets. */
export class ProviderHealth {
  readonly id: ProviderId
  readonly circuit = new CircuitBreaker()
  readonly slots = new Bulkhead()
  /** Most calls at once to each of its targets; undefined is no limit. */
  targetLimit: number | undefined

  constructor(id: ProviderId, targetLimit: number | undefined) {
    this.id = id
    this.targetLimit = targetLimit
  }
}
