import type { AccountId, TargetId } from '../ir/ids.ts'
import type { DecisionQuestion } from '../ir/question.ts'
import type { Route } from '../ir/snapshot.ts'
import type { Candidate } from './candidate.ts'
import type { Strategy } from './strategies/strategy.types.ts'

/** Where a request would find something again. */
export interface Pin {
  readonly target: TargetId
  readonly account: AccountId | undefined
  /** The turns before it, only the prompt cache of its session, or that only where the order of targets leads there anyway. */
  readonly keeps: 'turns' | 'cache' | 'account'
}

/** Who keeps the turns before the request, or else served its session last, where the route heeds sessions. */
export function pinOf({ selection }: Pick<Route, 'selection'>, { origin, session }: DecisionQuestion): Pin | undefined {
  if (origin?.kind === 'known') return { target: origin.target, account: origin.account, keeps: 'turns' }
  if (session === undefined || selection.affinity === 'none') return undefined
  return { target: session.target, account: session.account, keeps: selection.affinity === 'session' ? 'cache' : 'account' }
}

const WORDS = {
  turns: { name: 'origin', why: 'which gave the answer that the request continues' },
  cache: { name: 'affinity', why: 'which served this session before and has its prompt cached' },
  account: { name: 'affinity', why: 'which served this session before' },
} as const

/**
 * Any strategy, with the target of the pin put first: the provider keeps the conversation or has its prompt cached, and a change of model
 * in the middle of a conversation is noticed. It goes before candidates of its own standing only, so that a session leaves a target that
 * has become worse.
 */
export function withAffinity(inner: Strategy, pin: Pin | undefined): Strategy {
  if (pin === undefined || pin.keeps === 'account') return inner
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
        ? `${WORDS[pin.keeps].name}: kept=${pin.target}, ${WORDS[pin.keeps].why}`
        : inner.explain(ordered, input),
  }
}

/** Why a request goes elsewhere; undefined when it stays. */
export function departure(
  pin: Pin | undefined,
  first: Candidate | undefined,
  candidates: readonly Candidate[],
): string | undefined {
  if (pin === undefined || pin.keeps === 'account' || first?.target.id === pin.target) return undefined
  const before = candidates.find(({ target }) => target.id === pin.target)
  const why =
    before === undefined
      ? 'it is no candidate any more'
      : before.standing === 'healthy'
        ? 'it was ruled out'
        : `it is ${before.standing}`
  return `${WORDS[pin.keeps].name}: left=${pin.target}, ${why}`
}

/** The account that is to be tried first, as a reason. */
export const accountReason = (pin: Pin): string => `${WORDS[pin.keeps].name}: account=${pin.account}`
