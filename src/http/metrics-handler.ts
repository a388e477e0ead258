import { GatewayError } from '../errors/gateway-error.ts'
import { EXPOSITION_TYPE } from '../observability/metrics/exposition.ts'
import { refuseTenantOperators } from '../operations/beyond-tenants.ts'
import type { HttpAppOptions } from './http-app.types.ts'
import type { Responder } from './responder.ts'
import type { ColdHandler } from './route-handler.ts'

export interface MetricsHandlerOptions extends Pick<HttpAppOptions, 'metrics'> {
  readonly responder: Responder
}

/** `GET /metrics`, for Prometheus. */
export function createMetricsHandler({ metrics, responder }: MetricsHandlerOptions): ColdHandler {
  return ({ exchange }) => {
    if (metrics === undefined) throw new GatewayError('state_unavailable', 'This gateway was built without metrics.')
    refuseTenantOperators(exchange.principal, 'metrics tell of everybody')
    return responder.own(exchange, 200, metrics.expose(), [['content-type', EXPOSITION_TYPE]])
  }
}
