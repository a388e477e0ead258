import type { SessionPin } from '../ir/question.ts'
import type { Candidate } from './candidate.ts'
import type { Strategy } from './strategies/strategy.types.ts'

/**
 * Any strategy, with the target that served the session before put first: the provider has the session's prompt cached, and a change
 * of model in the middle of a conversation is noticed. It goes before candidates of its own standing only, so that a session leaves a
 * target that has become worse.
 */
export function withAffinity(inner: Strategy, pin: SessionPin): Strategy {
  const pinned = (candidates: readonly Candidate[]): readonly Candidate[] => {
    const index = candidates.findIndex(({ target }) => target.id === pin.target)
    const kept = index > 0 ? candidates[index] : undefined
    return kept === undefined ? candidates : [kept, ...candidates.slice(0, index), ...candidates.slice(index + 1)]
  }
  return {
    start: inner.start,
    step(state, input) {
      const step = inner.step(state, input)
      return 'decide' in step ? { decide: pinned(step.decide) } : step
    },
    explain: (ordered, input) =>
      ordered[0]?.target.id === pin.target
        ? `affinity: kept=${pin.target}, which served this session before and has its prompt cached`
        : inner.explain(ordered, input),
  }
}

/** Why a session changes its target; undefined when it stays, or had none. */
export function departure(pin: SessionPin, first: Candidate | undefined, candidates: readonly Candidate[]): string | undefined {
  if (first?.target.id === pin.target) return undefined
  const before = candidates.find(({ target }) => target.id === pin.target)
  const why =
    before === undefined
      ? 'it is no candidate any more'
      : before.standing === 'healthy'
        ? 'it was ruled out'
        : `it is ${before.standing}`
  return `affinity: left=${pin.target}, ${why}`
}
