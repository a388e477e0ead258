import type { Candidate } from '../candidate.ts'
import { seededRandom } from '../seeded-random.ts'
import type { Strategy, StrategyInput } from './strategy.types.ts'

/** Places that are drawn. Nobody falls back further often enough for chance to matter, and so the work stays linear. */
const DRAWN_PLACES = 8

/**
 * Draws lots without putting them back: the first place, and in the same way the fallbacks behind it, so that a target that is down
 * spreads its load by weight as well. Weight 0 is never drawn and stands last, in the order of the route.
 */
export const weightedRandom: Strategy = {
  start: undefined,
  step: (_state, input) => ({ decide: draw(input) }),
  explain(ordered, input) {
    const [first] = ordered
    const total = sum(input.candidates, input.weightOf)
    return `weighted_random: first=${first?.target.id} weight=${first === undefined ? 0 : input.weightOf(first)} of=${total} seed=${input.seed}`
  },
}

function draw({ candidates, seed, weightOf }: StrategyInput): readonly Candidate[] {
  const random = seededRandom(seed)
  const rest = candidates.filter((candidate) => weightOf(candidate) > 0)
  const idle = candidates.filter((candidate) => weightOf(candidate) <= 0)
  const drawn: Candidate[] = []
  while (rest.length > 0 && drawn.length < DRAWN_PLACES) {
    const [lot] = rest.splice(place(rest, random() * sum(rest, weightOf), weightOf), 1)
    if (lot !== undefined) drawn.push(lot)
  }
  return [...drawn, ...rest, ...idle]
}

/** Where the point falls when the weights are laid end to end. Rounding may leave it behind the last, which then has it. */
function place(candidates: readonly Candidate[], point: number, weightOf: StrategyInput['weightOf']): number {
  let end = 0
  const found = candidates.findIndex((candidate) => (end += weightOf(candidate)) > point)
  return found === -1 ? candidates.length - 1 : found
}

const sum = (candidates: readonly Candidate[], weightOf: StrategyInput['weightOf']): number =>
  candidates.reduce((total, candidate) => total + weightOf(candidate), 0)
