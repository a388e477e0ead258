import { GatewayError } from '../errors/gateway-error.ts'
import { isObject } from '../ir/json.ts'
import type { WebhookTest } from '../observability/alerts/alert-watch.ts'
import type { AlertsView } from './alerts.ts'
import { callGateway, type GatewayAddress } from './call-gateway.ts'

/** The alerts of a running gateway. */
export async function alertsOf(gateway: GatewayAddress): Promise<AlertsView> {
  const { body } = await callGateway(gateway, { path: '/v1/alerts' })
  if (isObject(body) && Array.isArray(body['alerts'])) return body as unknown as AlertsView
  throw unknownAnswer(gateway)
}

/** Has a running gateway test its webhooks. */
export async function testAlertsOf(gateway: GatewayAddress, webhook: string | undefined): Promise<readonly WebhookTest[]> {
  const { body } = await callGateway(gateway, { path: '/v1/alerts/test', body: JSON.stringify({ webhook }) })
  if (isObject(body) && Array.isArray(body['tests'])) return body['tests'] as WebhookTest[]
  throw unknownAnswer(gateway)
}

const unknownAnswer = ({ url }: GatewayAddress): GatewayError =>
  new GatewayError('upstream_bad_response', `${url} did not answer as expected. Is it a Switchback gateway of this version?`)
