import type { LlmRequest } from '../../ir/request.ts'
import type { DecisionQuestion } from '../../ir/question.ts'
import type { ScoreWeights } from '../../ir/routing-policy.ts'
import type { Target } from '../../ir/target.ts'
import type { Candidate } from '../candidate.ts'

/** What a strategy may look at. The same input gives the same order. */
export interface StrategyInput {
  /** To be put in order; all of the same standing, in the order of the route. */
  readonly candidates: readonly Candidate[]
  /** Every candidate that passed the filters, for comparing with. */
  readonly peers: readonly Candidate[]
  readonly question: Pick<DecisionQuestion, 'stream' | 'estimatedInputTokens' | 'maxOutputTokens'>
  /** 32 bits of chance. */
  readonly seed: number
  /** Calls of the route that were served in turns. */
  readonly cursor: number
  /** Weight of a target for drawing lots. */
  readonly weightOf: (candidate: Candidate) => number
  /** Weights of the factors of a score. */
  readonly profile: ScoreWeights
  /** Observed calls after which outcomes may break a tie. */
  readonly tieBreakSamples: number
  /** The answer to the model call of the step before. */
  readonly answer?: ModelAnswer | undefined
}

/** A question a strategy has for a model; the engine asks it in the same way as it serves a client. */
export interface ModelCall {
  readonly target: Target
  readonly request: LlmRequest
}

export type ModelAnswer = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly errorCode: string }

export type StrategyStep<State> = { readonly decide: readonly Candidate[] } | { readonly call: ModelCall; readonly state: State }

/**
 * An order of candidates, without I/O: a step either decides or asks for a model call, after which it is stepped again with the answer.
 * A decision is a permutation of `input.candidates`.
 */
export interface Strategy<State = unknown> {
  readonly start: State
  step(state: State, input: StrategyInput): StrategyStep<State>
  /** Why the first stands first, as one line `name: word=value …`. Off the response path. */
  explain(ordered: readonly Candidate[], input: StrategyInput): string
}
