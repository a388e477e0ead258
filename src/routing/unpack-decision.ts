import type { CandidateEvidence } from '../ir/decision-evidence.ts'
import type { DecisionInputs, RouteDecision } from '../ir/decision.ts'
import { reasonsOf } from './explain-decision.ts'
import { summaryOf } from './feature-summary.ts'
import {
  OBSERVED,
  OUTCOME,
  type PackedCandidate,
  type PackedDecision,
  type PackedEvidence,
  type PackedInputs,
} from './packed-decision.ts'

/** The decision that `packDecision` packed. */
export function unpackDecision(requestId: string, packed: PackedDecision): RouteDecision {
  const [route, strategy, unverified, targets, rejected, noFallback, deadlineMs, packedInputs, evidence] = packed
  const inputs = unpackInputs(packedInputs)
  const [selected, ...fallbacks] = targets.map((id) => ({ target_id: id }))
  const [candidates, scores, reason, seed, cursor, conditions] = evidence ?? NO_EVIDENCE
  return {
    schema: 'switchback.decision/v1',
    request_id: requestId,
    route,
    strategy,
    selected: selected ?? null,
    fallbacks,
    rejected,
    reason: reasonsOf({ route, unverified }, inputs, reason),
    unverified,
    scores,
    inputs,
    candidates: evidence === null ? undefined : candidates.map(unpackCandidate),
    seed: seed ?? undefined,
    cursor: cursor ?? undefined,
    conditions: conditions ?? undefined,
    no_fallback: noFallback ? true : undefined,
    deadline_ms: deadlineMs ?? undefined,
  }
}

const NO_EVIDENCE: PackedEvidence = [[], [], [], null, null, null]

function unpackInputs(packed: PackedInputs): DecisionInputs {
  const [model, stream, clientFormat, estimatedInputTokens, maxOutputTokens, parallelTools, features, ...more] = packed
  const [housekeeping, client, principal, hints, session, origin, endpoint] = more
  return {
    ...summaryOf(features),
    model,
    stream,
    client_format: clientFormat,
    estimated_input_tokens: estimatedInputTokens,
    max_output_tokens: maxOutputTokens ?? undefined,
    parallel_tools: parallelTools ? true : undefined,
    housekeeping: housekeeping ?? undefined,
    client: client ?? undefined,
    principal: principal ?? undefined,
    hints: hints ?? undefined,
    session: session === null ? undefined : unpackSession(session),
    origin: origin ?? undefined,
    endpoint: endpoint ?? undefined,
  }
}

const unpackSession = ([target, account, cached]: NonNullable<PackedInputs[11]>): DecisionInputs['session'] => ({
  target_id: target,
  account_id: account ?? undefined,
  cached_tokens: cached ?? undefined,
})

function unpackCandidate(packed: PackedCandidate): CandidateEvidence {
  const [id, provider, model, format, standing, facts, observed, expectedCost] = packed
  const named = unpackFields(OBSERVED, observed)
  const { outcome } = named
  return {
    target_id: id,
    provider,
    model,
    format,
    standing,
    facts,
    observed: Array.isArray(outcome) ? { ...named, outcome: unpackFields(OUTCOME, outcome) } : named,
    expected_cost_nanos: expectedCost ?? undefined,
  }
}

/** Absent values are left out, and columns that an earlier version did not have. */
function unpackFields(names: readonly string[], values: readonly unknown[]): Record<string, unknown> {
  return Object.fromEntries(
    names.flatMap((name, index) => (values[index] === null || values[index] === undefined ? [] : [[name, values[index]]])),
  )
}
