import type { Candidate } from '../candidate.ts'
import { orderBy } from '../order-by.ts'
import type { Strategy, StrategyInput } from './strategy.types.ts'

/**
 * Whoever serves the fewest calls now. When every candidate has a limit, it is the share of the limit that counts, so that a large one
 * takes more than a small one.
 */
export const leastBusy: Strategy = {
  start: undefined,
  step: (_state, input) => ({ decide: orderBy(input.candidates, loadOf(input), input.tieBreakSamples) }),
  explain([first]) {
    const limit = first?.observed.maxConcurrency
    return `least_busy: first=${first?.target.id} in_flight=${first?.observed.inFlight}${limit === undefined ? '' : ` limit=${limit}`}`
  },
}

function loadOf({ candidates }: StrategyInput): (candidate: Candidate) => number {
  const allLimited = candidates.every(({ observed }) => observed.maxConcurrency !== undefined)
  return ({ observed }) => (allLimited ? observed.inFlight / Math.max(1, observed.maxConcurrency ?? 1) : observed.inFlight)
}
