import type { FactorName, ScoreWeights } from './routing-policy.ts'

/** Where a candidate stands before any strategy is asked: those that can serve go before those that probably cannot. */
export type Standing = 'healthy' | 'demoted' | 'unavailable'

/** What a decision knew of one candidate. Unknown is absent. */
export interface CandidateEvidence {
  readonly target_id: string
  readonly provider: string
  readonly model: string
  readonly format: string
  readonly standing: Standing
  /** `TargetFacts` with snake_case keys: capabilities and who declared them, limits in tokens, price with its source, tags. */
  readonly facts: Readonly<Record<string, unknown>>
  /** `TargetObservation` with snake_case keys. */
  readonly observed: Readonly<Record<string, unknown>>
  /** What this request would probably cost there, in nano-dollars. */
  readonly expected_cost_nanos?: number | undefined
}

/** The score of a candidate and what it is made of. */
export interface ScoreEvidence {
  readonly target_id: string
  readonly score: number
  /** Each between 0 and 1. */
  readonly factors: Readonly<Partial<Record<FactorName, number>>>
  /** Absent when the strategy does not score. */
  readonly weights?: ScoreWeights | undefined
  /** What the factors were made from: milliseconds, nano-dollars, tokens, accounts. */
  readonly raw: Readonly<Partial<Record<FactorName, number>>>
}
