import type { DecisionInputs, PlanEvidence, PrincipalInputs, RouteDecision, RoutePlan } from '../ir/decision.ts'
import type { Feature } from '../ir/feature.ts'
import type { Principal } from '../ir/principal.ts'
import type { AnswerOrigin, DecisionQuestion } from '../ir/question.ts'
import { snakeKeys } from '../lib/key-case.ts'

/** What the decision looked at, as plain data: enough to make it again without the request. */
export function decisionInputs(question: DecisionQuestion): DecisionInputs {
  const features = [...question.features()].sort()
  const uses = (prefix: string): boolean => features.some((feature: Feature) => feature.startsWith(prefix))
  const housekeeping = question.housekeeping?.()
  const { session, origin, hints, principal } = question
  return {
    model: question.model,
    stream: question.stream,
    tools: uses('tools.'),
    json_schema: uses('response_format.json_schema'),
    vision: uses('part.image_'),
    audio: uses('part.audio'),
    file: uses('part.document_'),
    client_format: question.clientFormat,
    estimated_input_tokens: question.estimatedInputTokens,
    max_output_tokens: question.maxOutputTokens,
    features,
    // Absent ones are told as undefined: spreading them in one by one costs more than all the rest.
    parallel_tools: question.parallelTools === true ? true : undefined,
    housekeeping: housekeeping === undefined ? undefined : features.filter((feature) => housekeeping.has(feature)),
    client: question.client,
    principal: principal === undefined ? undefined : principalInputs(principal),
    hints: hints === undefined ? undefined : (snakeKeys(hints) as DecisionInputs['hints']),
    session:
      session === undefined
        ? undefined
        : { target_id: session.target, account_id: session.account, cached_tokens: session.cachedTokens },
    origin: origin === undefined ? undefined : originInputs(origin),
  }
}

const originInputs = (origin: AnswerOrigin): DecisionInputs['origin'] =>
  origin.kind === 'unknown' ? {} : { target_id: origin.target, account_id: origin.account }

const principalInputs = ({ role, keyId, tenant, project, allowed }: Principal): PrincipalInputs => ({
  role,
  key_id: keyId,
  tenant,
  project,
  allowed,
})

const NO_EVIDENCE: PlanEvidence = { scores: [], reason: [] }

/** The decision as it is stored and shown. Built off the response path. */
export function explainDecision(requestId: string, plan: RoutePlan, inputs: DecisionInputs): RouteDecision {
  const { targets } = plan
  const selected = targets[0]
  const evidence = plan.evidence?.() ?? NO_EVIDENCE
  const reason = [
    `route=${plan.route}`,
    `stream_required=${inputs.stream}`,
    `tools_required=${inputs.tools}`,
    `vision_required=${inputs.vision}`,
    `json_schema_required=${inputs.json_schema}`,
  ]
  for (const line of evidence.reason) reason.push(line)
  if (plan.unverified) reason.push('unverified=true: the model name was handed to the default provider without a check')
  return {
    schema: 'switchback.decision/v1',
    request_id: requestId,
    route: plan.route,
    strategy: plan.strategy,
    selected: selected === undefined ? null : { target_id: selected.id },
    fallbacks: targets.length < 2 ? [] : targets.slice(1).map((target) => ({ target_id: target.id })),
    rejected: plan.rejected,
    reason,
    unverified: plan.unverified,
    scores: evidence.scores,
    inputs,
    candidates: evidence.candidates,
    seed: evidence.seed,
    cursor: evidence.cursor,
    conditions: evidence.conditions,
    no_fallback: plan.noFallback === true ? true : undefined,
    deadline_ms: plan.deadlineMs,
  }
}
