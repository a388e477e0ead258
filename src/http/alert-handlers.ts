import { GatewayError } from '../errors/gateway-error.ts'
import { isObject } from '../ir/json.ts'
import type { AlertWatch } from '../observability/alerts/alert-watch.ts'
import { refuseTenantOperators } from '../operations/beyond-tenants.ts'
import { listAlerts, testAlerts } from '../operations/alerts.ts'
import type { Exchange } from './exchange.ts'
import type { HttpAppOptions } from './http-app.types.ts'
import type { Responder } from './responder.ts'
import type { ColdHandler } from './route-handler.ts'
import type { CallServer } from './serve-call.ts'

export interface AlertHandlersOptions extends Pick<HttpAppOptions, 'alerts'> {
  readonly calls: Pick<CallServer, 'receiveOr'>
  readonly responder: Responder
}

/** Alerts that are not over, and a test of those who are told. */
export function createAlertHandlers({
  alerts,
  calls,
  responder,
}: AlertHandlersOptions): Record<'listAlerts' | 'testAlerts', ColdHandler> {
  const watch = (exchange: Exchange): AlertWatch => {
    if (alerts === undefined) throw new GatewayError('state_unavailable', 'This gateway was built without alerts.')
    refuseTenantOperators(exchange.principal, 'alerts tell of everybody')
    return alerts
  }
  return {
    listAlerts: ({ exchange }) => responder.tell(exchange, listAlerts(watch(exchange))),
    async testAlerts({ exchange }) {
      const chosen = watch(exchange)
      const webhook = webhookIn(await calls.receiveOr(exchange, {}))
      return responder.tell(exchange, await testAlerts(chosen, webhook))
    },
  }
}

function webhookIn(body: unknown): string | undefined {
  const webhook = isObject(body) ? body['webhook'] : body
  if (isObject(body) && (webhook === undefined || typeof webhook === 'string')) return webhook
  throw new GatewayError('invalid_body', 'Expected {"webhook": "<id>"}, or nothing to test them all.', { param: 'webhook' })
}
