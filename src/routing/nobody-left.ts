import type { Rejection } from '../ir/decision.ts'

type NobodyLeft = 'endpoint_unsupported' | 'context_window_exceeded' | 'translation_refused' | 'no_eligible_target'

/**
 * How a request fails for which no target was left. When windows alone stand in the way it is a prompt that does not fit, which agents
 * understand and act on. Whoever does not keep the turns that the request refers to was never in question.
 */
export function nobodyLeft(rejected: readonly Pick<Rejection, 'code'>[]): NobodyLeft {
  const inQuestion = rejected.filter(({ code }) => code !== 'state_elsewhere')
  if (inQuestion.length === 0) return rejected.length === 0 ? 'no_eligible_target' : 'translation_refused'
  if (inQuestion.every(({ code }) => code === 'endpoint_unsupported')) return 'endpoint_unsupported'
  return inQuestion.every(({ code }) => code === 'context_window_too_small') ? 'context_window_exceeded' : 'no_eligible_target'
}
