import type { ScoreEvidence, Standing } from '../ir/decision-evidence.ts'
import type { DecisionInputs, PlanEvidence, PrincipalInputs, Rejection, RoutePlan, WeighedCandidate } from '../ir/decision.ts'
import type { Feature } from '../ir/feature.ts'
import type { OutcomeHealth, TargetObservation } from '../ir/observed.ts'
import type { DecisionQuestion } from '../ir/question.ts'
import type { TargetFacts } from '../ir/snapshot.ts'
import { snakeKeys } from '../lib/key-case.ts'
import { expectedCost } from './candidate.ts'
import { endpointInputs, originInputs, principalInputs } from './explain-decision.ts'
import { featureSummary } from './feature-summary.ts'

/** JSON has no `undefined`, and one inside an array takes the runtime off its fast path: three times as dear. */
export type Absent = null

/** A decision as records keep it: columns without names, and without what follows from the rest. Every request writes one. */
export type PackedDecision = readonly [
  route: string,
  strategy: string,
  unverified: boolean,
  targets: readonly string[],
  rejected: readonly Rejection[],
  noFallback: boolean,
  deadlineMs: number | Absent,
  inputs: PackedInputs,
  evidence: PackedEvidence | Absent,
]

export type PackedInputs = readonly [
  model: string,
  stream: boolean,
  clientFormat: string,
  estimatedInputTokens: number,
  maxOutputTokens: number | Absent,
  parallelTools: boolean,
  features: readonly Feature[],
  housekeeping: readonly Feature[] | Absent,
  client: string | Absent,
  principal: PrincipalInputs | Absent,
  hints: Readonly<Record<string, unknown>> | Absent,
  session: readonly [target: string, account: string | Absent, cachedTokens?: number | Absent] | Absent,
  origin?: DecisionInputs['origin'] | Absent,
  endpoint?: DecisionInputs['endpoint'] | Absent,
]

export type PackedEvidence = readonly [
  candidates: readonly PackedCandidate[],
  scores: readonly ScoreEvidence[],
  reason: readonly string[],
  seed: number | Absent,
  cursor: number | Absent,
  conditions: Readonly<Record<string, boolean>> | Absent,
]

export type PackedCandidate = readonly [
  targetId: string,
  provider: string,
  model: string,
  format: string,
  standing: Standing,
  facts: Readonly<Record<string, unknown>>,
  observed: readonly unknown[],
  expectedCostNanos: number | Absent,
]

/** Columns of what was observed, and of outcomes within it. */
export const OBSERVED = [
  'accounts_available',
  'accounts_total',
  'circuit',
  'recovery_ms',
  'in_flight',
  'max_concurrency',
  'ttft_ms',
  'total_ms',
  'outcome',
  'disabled',
  'limited',
] as const
export const OUTCOME = ['health', 'samples', 'success_rate', 'truncation_rate', 'p50_ms', 'p95_ms', 'demoted'] as const

const NONE: readonly never[] = []

/** Packs a decision; `unpack-decision.ts` reads it. */
export function packDecision(plan: RoutePlan, question: DecisionQuestion): PackedDecision {
  const { targets, rejected } = plan
  const evidence = plan.evidence?.()
  return [
    plan.route,
    plan.strategy,
    plan.unverified,
    targets.length === 1 ? [targets[0]!.id] : targets.map(({ id }) => id),
    rejected.length === 0 ? NONE : rejected,
    plan.noFallback === true,
    plan.deadlineMs ?? null,
    packInputs(question),
    evidence === undefined ? null : packEvidence(evidence, question),
  ]
}

function packInputs(question: DecisionQuestion): PackedInputs {
  const { hints, principal, session, origin, endpoint } = question
  const { features } = featureSummary(question.features())
  const housekeeping = question.housekeeping?.()
  return [
    question.model,
    question.stream,
    question.clientFormat,
    question.estimatedInputTokens,
    question.maxOutputTokens ?? null,
    question.parallelTools === true,
    features,
    housekeeping === undefined ? null : features.filter((feature) => housekeeping.has(feature)),
    question.client ?? null,
    principal === undefined ? null : principalInputs(principal),
    hints === undefined ? null : (snakeKeys(hints) as Record<string, unknown>),
    session === undefined ? null : [session.target, session.account ?? null, session.cachedTokens ?? null],
    origin === undefined ? null : originInputs(origin),
    endpoint === undefined ? null : endpointInputs(endpoint),
  ]
}

function packEvidence(evidence: PlanEvidence, question: DecisionQuestion): PackedEvidence {
  const { candidates, scores, reason, seed, cursor, conditions } = evidence
  return [
    candidates.map((candidate) => packCandidate(candidate, question)),
    scores,
    reason,
    seed ?? null,
    cursor ?? null,
    conditions ?? null,
  ]
}

function packCandidate(candidate: WeighedCandidate, question: DecisionQuestion): PackedCandidate {
  const { target, standing, facts, observed } = candidate
  return [
    target.id,
    target.provider,
    target.model,
    target.format,
    standing,
    packFacts(facts),
    packObserved(observed),
    expectedCost(candidate, question) ?? null,
  ]
}

const packedFacts = new WeakMap<TargetFacts, Readonly<Record<string, unknown>>>()

/** Facts of a target are the same object from one decision to the next. */
function packFacts(facts: TargetFacts): Readonly<Record<string, unknown>> {
  let packed = packedFacts.get(facts)
  if (packed === undefined) packedFacts.set(facts, (packed = snakeKeys(facts) as Record<string, unknown>))
  return packed
}

function packObserved(observed: TargetObservation): readonly unknown[] {
  const { outcome, disabled, limited } = observed
  return [
    observed.accountsAvailable,
    observed.accountsTotal,
    observed.circuit,
    observed.recoveryMs ?? null,
    observed.inFlight,
    observed.maxConcurrency ?? null,
    observed.ttftMs ?? null,
    observed.totalMs ?? null,
    outcome === undefined ? null : packOutcome(outcome),
    disabled === undefined ? null : snakeKeys(disabled),
    limited === undefined ? null : snakeKeys(limited),
  ]
}

const packOutcome = (outcome: OutcomeHealth): readonly unknown[] => [
  outcome.health,
  outcome.samples,
  outcome.successRate,
  outcome.truncationRate,
  outcome.p50Ms ?? null,
  outcome.p95Ms ?? null,
  outcome.demoted ?? null,
]
