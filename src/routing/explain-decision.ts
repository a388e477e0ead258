import type { DecisionInputs, PlanEvidence, PrincipalInputs, RouteDecision, RoutePlan } from '../ir/decision.ts'
import type { Feature } from '../ir/feature.ts'
import type { Principal } from '../ir/principal.ts'
import type { DecisionQuestion } from '../ir/question.ts'
import { snakeKeys } from '../lib/key-case.ts'

/** What the decision looked at, as plain data: enough to make it again without the request. */
export function decisionInputs(question: DecisionQuestion): DecisionInputs {
  const features = [...question.features()].sort()
  const uses = (prefix: string): boolean => features.some((feature: Feature) => feature.startsWith(prefix))
  const housekeeping = question.housekeeping?.()
  const { session, hints, principal } = question
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
    ...(question.parallelTools === true ? { parallel_tools: true } : {}),
    ...(housekeeping === undefined ? {} : { housekeeping: features.filter((feature) => housekeeping.has(feature)) }),
    ...(question.client === undefined ? {} : { client: question.client }),
    ...(principal === undefined ? {} : { principal: principalInputs(principal) }),
    ...(hints === undefined ? {} : { hints: snakeKeys(hints) as DecisionInputs['hints'] }),
    ...(session === undefined ? {} : { session: { target_id: session.target, account_id: session.account } }),
  }
}

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
  const [selected, ...fallbacks] = plan.targets
  const { reason, scores, ...evidence } = plan.evidence?.() ?? NO_EVIDENCE
  return {
    schema: 'switchback.decision/v1',
    request_id: requestId,
    route: plan.route,
    strategy: plan.strategy,
    selected: selected === undefined ? null : { target_id: selected.id },
    fallbacks: fallbacks.map((target) => ({ target_id: target.id })),
    rejected: plan.rejected,
    reason: [
      `route=${plan.route}`,
      `stream_required=${inputs.stream}`,
      `tools_required=${inputs.tools}`,
      `vision_required=${inputs.vision}`,
      `json_schema_required=${inputs.json_schema}`,
      ...reason,
      ...(plan.unverified ? ['unverified=true: the model name was handed to the default provider without a check'] : []),
    ],
    unverified: plan.unverified,
    scores,
    inputs,
    ...evidence,
    ...(plan.noFallback === true ? { no_fallback: true } : {}),
    ...(plan.deadlineMs === undefined ? {} : { deadline_ms: plan.deadlineMs }),
  }
}
