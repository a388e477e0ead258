import type { SettledCostListener } from '../settled-cost.ts'
import { knownNames } from './known-names.ts'
import type { CellFamily } from './metric-family.ts'
import type { MetricRegistry } from './registry.ts'

const NANOS = 1e9

/** Counts what settled attempts cost. */
export class CostMetrics {
  private readonly cost: CellFamily
  private readonly unpriced: CellFamily

  constructor(registry: MetricRegistry) {
    this.cost = registry.counter({
      name: 'switchback_cost_usd_total',
      help: 'Cost of settled attempts in US dollars, where the price is known.',
      labels: ['provider', 'target'],
    })
    this.unpriced = registry.counter({
      name: 'switchback_unpriced_attempts_total',
      help: 'Settled attempts of models without a known price.',
      labels: ['provider', 'target'],
    })
  }

  readonly count: SettledCostListener = ({ snapshot, providerId, targetId, nanos }) => {
    const names = knownNames(snapshot)
    const labels = [names.provider(providerId), names.target(targetId)] as const
    if (nanos === undefined) this.unpriced.of(...labels).add()
    else this.cost.of(...labels).add(nanos / NANOS)
  }
}
