import type { Capabilities, TargetPrice } from './snapshot.ts'
import type { TargetObservation } from './observed.ts'
import type { FactorName } from './routing-policy.ts'

/** Where a candidate stands before any strategy is asked: those that can serve go before those that probably cannot. */
export type Standing = 'healthy' | 'demoted' | 'unavailable'

/** What a decision knew of one candidate. Undefined is unknown. */
export interface CandidateEvidence {
  readonly target_id: string
  readonly provider: string
  readonly model: string
  readonly format: string
  readonly standing: Standing
  readonly facts: {
    readonly capabilities?: Capabilities | undefined
    readonly declared?: Capabilities | undefined
    readonly context_window?: number | undefined
    readonly max_output_tokens?: number | undefined
    /** In nano-dollars for a million tokens. */
    readonly price?: TargetPrice | undefined
    readonly tags?: readonly string[] | undefined
    readonly certified?: string | undefined
  }
  readonly observed: TargetObservation
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
  readonly weights?: Readonly<Partial<Record<FactorName, number>>> | undefined
  /** What the factors were made from: milliseconds, nano-dollars, tokens, accounts. */
  readonly raw: Readonly<Partial<Record<FactorName, number>>>
}
