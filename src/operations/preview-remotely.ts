import { GatewayError } from '../errors/gateway-error.ts'
import type { RouteDecision } from '../ir/decision.ts'
import { isObject } from '../ir/json.ts'
import { callGateway, type GatewayAddress } from './call-gateway.ts'
import { guessFormat, previewBody, type PreviewQuestion } from './preview-route.ts'

/** The decision that a running gateway would make now, from its own state. */
export async function previewRemotely(gateway: GatewayAddress, question: PreviewQuestion): Promise<RouteDecision> {
  const body = previewBody(question)
  const format = question.format ?? guessFormat(body)
  const reply = await callGateway(gateway, { path: `/v1/route-preview?format=${format}`, body: JSON.stringify(body) })
  const decision = isObject(reply.body) && isObject(reply.body['decision']) ? reply.body['decision'] : reply.body
  if (!isObject(decision) || decision['schema'] !== 'switchback.decision/v1') {
    throw new GatewayError(
      'upstream_bad_response',
      `${gateway.url} did not answer with a decision. Is it a Switchback gateway of this version?`,
    )
  }
  return decision as unknown as RouteDecision
}
