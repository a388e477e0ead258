import { orderBy } from '../order-by.ts'
import { scoreOf, Scale } from '../score.ts'
import type { Strategy } from './strategy.types.ts'

/** The best score of a profile first. A profile without weights leaves the order of the route. */
export const score: Strategy = {
  start: undefined,
  step(_state, { candidates, peers, question, profile, tieBreakSamples }) {
    const scale = new Scale(peers, question)
    return { decide: orderBy(candidates, (candidate) => -scoreOf(candidate, scale, profile), tieBreakSamples) }
  },
  explain([first], { peers, question, profile }) {
    const value = first === undefined ? 0 : scoreOf(first, new Scale(peers, question), profile)
    return `score: selected=${first?.target.id} score=${value.toFixed(3)}`
  },
}
