import { leastBusy } from './least-busy.ts'
import { leastLatency } from './least-latency.ts'
import { lowestCost } from './lowest-cost.ts'
import { orderedFallback } from './ordered-fallback.ts'
import { roundRobin } from './round-robin.ts'
import { score } from './score.ts'
import type { Strategy } from './strategy.types.ts'
import { weightedRandom } from './weighted-random.ts'

/** Every strategy by name; whatever else is named is a score profile. */
export const STRATEGIES: ReadonlyMap<string, Strategy> = new Map<string, Strategy>([
  ['ordered_fallback', orderedFallback],
  ['weighted_random', weightedRandom],
  ['round_robin', roundRobin],
  ['least_latency', leastLatency],
  ['lowest_cost', lowestCost],
  ['least_busy', leastBusy],
  ['score', score],
])
