import type { Strategy } from './strategy.types.ts'

/** Every candidate begins in turn; the others follow in the order of the route, beginning after it. */
export const roundRobin: Strategy = {
  start: undefined,
  step(_state, { candidates, cursor }) {
    const first = candidates.length === 0 ? 0 : cursor % candidates.length
    return { decide: first === 0 ? candidates : [...candidates.slice(first), ...candidates.slice(0, first)] }
  },
  explain: ([first], { cursor, candidates }) =>
    `round_robin: turn=${cursor} first=${first?.target.id} candidates=${candidates.length}`,
}
