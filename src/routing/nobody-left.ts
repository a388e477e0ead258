import type { Rejection } from '../ir/decision.ts'

/**
 * How a request fails for which no target was left. When windows alone stand in the way it is a prompt that does not fit, which agents
 * understand and act on.
 */
export const nobodyLeft = (rejected: readonly Pick<Rejection, 'code'>[]): 'context_window_exceeded' | 'no_eligible_target' =>
  rejected.length > 0 && rejected.every(({ code }) => code === 'context_window_too_small')
    ? 'context_window_exceeded'
    : 'no_eligible_target'
