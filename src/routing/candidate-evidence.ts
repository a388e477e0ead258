import type { CandidateEvidence } from '../ir/decision-evidence.ts'
import type { WeighedCandidate } from '../ir/decision.ts'
import type { TargetObservation } from '../ir/observed.ts'
import type { DecisionQuestion } from '../ir/question.ts'
import { snakeKeys } from '../lib/key-case.ts'
import { expectedCost } from './candidate.ts'

/** A candidate as decisions tell it. */
export function candidateEvidence(candidate: WeighedCandidate, question: DecisionQuestion): CandidateEvidence {
  const { target, facts, observed, standing } = candidate
  return {
    target_id: target.id,
    provider: target.provider,
    model: target.model,
    format: target.format,
    standing,
    facts: snakeKeys(facts) as CandidateEvidence['facts'],
    observed: observedEvidence(observed),
    expected_cost_nanos: expectedCost(candidate, question),
  }
}

function observedEvidence(observed: TargetObservation): CandidateEvidence['observed'] {
  const { outcome, disabled, limited } = observed
  return {
    accounts_available: observed.accountsAvailable,
    accounts_total: observed.accountsTotal,
    circuit: observed.circuit,
    recovery_ms: observed.recoveryMs,
    in_flight: observed.inFlight,
    max_concurrency: observed.maxConcurrency,
    ttft_ms: observed.ttftMs,
    total_ms: observed.totalMs,
    outcome: outcome === undefined ? undefined : snakeKeys(outcome),
    disabled: disabled === undefined ? undefined : snakeKeys(disabled),
    limited: limited === undefined ? undefined : snakeKeys(limited),
  }
}
