import { expectedCost } from '../candidate.ts'
import { orderBy } from '../order-by.ts'
import type { Strategy } from './strategy.types.ts'

/** The cheapest for this request first, by its size and the usual length of an answer; without a known price last. */
export const lowestCost: Strategy = {
  start: undefined,
  step: (_state, { candidates, question, tieBreakSamples }) => ({
    decide: orderBy(candidates, (candidate) => expectedCost(candidate, question), tieBreakSamples),
  }),
  explain([first], { question }) {
    const cost = first === undefined ? undefined : expectedCost(first, question)
    const told = cost === undefined ? 'unknown' : `$${(cost / 1e9).toFixed(6)}`
    return `lowest_cost: cheapest=${first?.target.id} expected=${told}`
  },
}
