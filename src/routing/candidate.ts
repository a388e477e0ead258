import { nanosOf } from '../catalog/prices/cost-of.ts'
import { blendedPerMillion } from '../catalog/prices/rates-for.ts'
import type { Standing } from '../ir/decision-evidence.ts'
import type { ObservedState, TargetObservation } from '../ir/observed.ts'
import type { DecisionQuestion } from '../ir/question.ts'
import type { TargetFacts } from '../ir/snapshot.ts'
import type { Target } from '../ir/target.ts'

/** A target that could serve a request, with all that is known of it now. */
export interface Candidate {
  readonly target: Target
  /** Place among the route's targets, from 0. */
  readonly position: number
  readonly facts: TargetFacts
  readonly observed: TargetObservation
  readonly standing: Standing
}

/** What is observed of a target nobody has observed. */
export const NOTHING_OBSERVED: TargetObservation = { accountsAvailable: 1, accountsTotal: 1, circuit: 'closed', inFlight: 0 }

/** The state of a gateway that has just started. */
export const nothingObserved: ObservedState = { of: () => NOTHING_OBSERVED }

/** Facts of a target nobody knows anything about. */
export const NOTHING_KNOWN: TargetFacts = { capabilities: {}, tags: [] }

/**
 * Where a target stands. A circuit that is half open counts as healthy: only the call that probes it can close it, and whoever holds
 * the circuit lets one through at a time.
 */
export function standingOf(observed: TargetObservation): Standing {
  const { accountsAvailable, circuit, maxConcurrency, inFlight, outcome } = observed
  if (accountsAvailable === 0 || circuit === 'open' || (maxConcurrency !== undefined && inFlight >= maxConcurrency))
    return 'unavailable'
  return outcome?.demoted === undefined ? 'healthy' : 'demoted'
}

/** What an answer usually holds, in tokens. A limit is what a client fears, not what it expects; a smaller one is believed. */
const TYPICAL_OUTPUT_TOKENS = 1_000

type Sizes = Pick<DecisionQuestion, 'estimatedInputTokens' | 'maxOutputTokens' | 'session'>

/** What the request would probably cost, in nano-dollars; undefined when the price of a prompt of its size is not known. */
export function expectedCost(
  { facts: { price }, target }: Pick<Candidate, 'facts' | 'target'>,
  question: Sizes,
): number | undefined {
  if (price === undefined) return undefined
  const { estimatedInputTokens: inputTokens, maxOutputTokens, session } = question
  const cached = session?.target === target.id ? session.cachedTokens : undefined
  return nanosOf(
    {
      inputTokens,
      outputTokens: Math.min(maxOutputTokens ?? TYPICAL_OUTPUT_TOKENS, TYPICAL_OUTPUT_TOKENS),
      cacheReadTokens: cached === undefined ? undefined : Math.min(cached, inputTokens),
    },
    price,
  )
}

/** Price of a million input and a million output tokens together at the size of the prompt, in nano-dollars. */
export const blendedPrice = (
  { facts: { price } }: Candidate,
  { estimatedInputTokens }: Pick<DecisionQuestion, 'estimatedInputTokens'>,
): number | undefined => (price === undefined ? undefined : blendedPerMillion(price, estimatedInputTokens))
