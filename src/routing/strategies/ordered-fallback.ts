import type { Strategy } from './strategy.types.ts'

/** The order of the route. */
export const orderedFallback: Strategy = {
  start: undefined,
  step: (_state, { candidates }) => ({ decide: candidates }),
  explain: ([first]) => `ordered_fallback: first=${first?.target.id} position=${first?.position}`,
}
