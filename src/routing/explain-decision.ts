import type { DecisionInputs, EndpointInputs, PrincipalInputs, RouteDecision, RoutePlan } from '../ir/decision.ts'
import type { Principal } from '../ir/principal.ts'
import type { AnswerOrigin, DecisionQuestion, EndpointNeed } from '../ir/question.ts'
import { snakeKeys } from '../lib/key-case.ts'
import { candidateEvidence } from './candidate-evidence.ts'
import { featureSummary } from './feature-summary.ts'

/** What the decision looked at, as plain data: enough to make it again without the request. */
function decisionInputs(question: DecisionQuestion): DecisionInputs {
  const summary = featureSummary(question.features())
  const housekeeping = question.housekeeping?.()
  const { session, origin, hints, principal, endpoint } = question
  return {
    ...summary,
    model: question.model,
    stream: question.stream,
    client_format: question.clientFormat,
    estimated_input_tokens: question.estimatedInputTokens,
    max_output_tokens: question.maxOutputTokens,
    parallel_tools: question.parallelTools === true ? true : undefined,
    housekeeping: housekeeping === undefined ? undefined : summary.features.filter((feature) => housekeeping.has(feature)),
    client: question.client,
    principal: principal === undefined ? undefined : principalInputs(principal),
    hints: hints === undefined ? undefined : (snakeKeys(hints) as DecisionInputs['hints']),
    session:
      session === undefined
        ? undefined
        : { target_id: session.target, account_id: session.account, cached_tokens: session.cachedTokens },
    origin: origin === undefined ? undefined : originInputs(origin),
    endpoint: endpoint === undefined ? undefined : endpointInputs(endpoint),
  }
}

export const endpointInputs = ({ offers, provider }: EndpointNeed): EndpointInputs => ({ offers, provider })

export const originInputs = (origin: AnswerOrigin): DecisionInputs['origin'] =>
  origin.kind === 'unknown' ? {} : { target_id: origin.target, account_id: origin.account }

export const principalInputs = ({ role, keyId, tenant, project, owner, allowed }: Principal): PrincipalInputs => ({
  role,
  key_id: keyId,
  tenant,
  project,
  owner,
  allowed,
})

/** The decision as it is shown. Records keep it in another form (`packed-decision.ts`) that leads to the same. */
export function explainDecision(requestId: string, plan: RoutePlan, question: DecisionQuestion): RouteDecision {
  const inputs = decisionInputs(question)
  const [selected, ...fallbacks] = plan.targets.map(({ id }) => ({ target_id: id }))
  const evidence = plan.evidence?.()
  return {
    schema: 'switchback.decision/v1',
    request_id: requestId,
    route: plan.route,
    strategy: plan.strategy,
    selected: selected ?? null,
    fallbacks,
    rejected: plan.rejected,
    reason: reasonsOf(plan, inputs, evidence?.reason ?? []),
    unverified: plan.unverified,
    scores: evidence?.scores ?? [],
    inputs,
    candidates: evidence?.candidates.map((candidate) => candidateEvidence(candidate, question)),
    seed: evidence?.seed,
    cursor: evidence?.cursor,
    conditions: evidence?.conditions,
    no_fallback: plan.noFallback === true ? true : undefined,
    deadline_ms: plan.deadlineMs,
  }
}

type Needs = Pick<DecisionInputs, 'stream' | 'tools' | 'vision' | 'json_schema'>

/** What the request needs, then the lines of the decision itself. */
export function reasonsOf(
  { route, unverified }: Pick<RoutePlan, 'route' | 'unverified'>,
  needs: Needs,
  own: readonly string[],
): string[] {
  const reasons = [
    `route=${route}`,
    `stream_required=${needs.stream}`,
    `tools_required=${needs.tools}`,
    `vision_required=${needs.vision}`,
    `json_schema_required=${needs.json_schema}`,
    ...own,
  ]
  if (unverified) reasons.push('unverified=true: the model name was handed to the default provider without a check')
  return reasons
}
