import { GatewayError } from '../errors/gateway-error.ts'
import { isObject } from '../ir/json.ts'
import { callGateway, type GatewayAddress } from './call-gateway.ts'
import type { HealthView } from './health-view.ts'

/** How the upstreams of a running gateway do, by its own account. */
export async function healthOf(gateway: GatewayAddress): Promise<HealthView> {
  const { body } = await callGateway(gateway, { path: '/v1/health/targets' })
  if (isObject(body) && body['schema'] === 'switchback.health/v1') return body as unknown as HealthView
  throw new GatewayError(
    'upstream_bad_response',
    `${gateway.url} did not answer with the state of its targets. Is it a Switchback gateway of this version?`,
  )
}
