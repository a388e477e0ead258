import { GatewayError } from '../errors/gateway-error.ts'
import { listAudit } from '../operations/list-audit.ts'
import { seenBy } from '../operations/tenancy/tenancy-order.ts'
import type { HttpAppOptions } from './http-app.types.ts'
import { queryNumber } from './query-number.ts'
import type { Responder } from './responder.ts'
import type { ColdHandler } from './route-handler.ts'

export interface AuditHandlersOptions extends Pick<HttpAppOptions, 'audit'> {
  readonly responder: Responder
}

const MOST_ENTRIES = 1_000
const LATEST = Number.MAX_SAFE_INTEGER

/** What was changed by whom, and who failed to get in. Operators of a tenant see what concerns it. */
export function createAuditHandlers({ audit, responder }: AuditHandlersOptions): Record<'listAudit', ColdHandler> {
  return {
    async listAudit({ exchange, query }) {
      if (audit === undefined) throw new GatewayError('state_unavailable', 'This gateway was built without an audit.')
      const page = await listAudit(audit, {
        limit: queryNumber(query, 'limit', { least: 1, most: MOST_ENTRIES }),
        before: queryNumber(query, 'before', { least: 1, most: LATEST }),
        sinceMs: queryNumber(query, 'since_ms', { least: 0, most: LATEST }),
        action: query.get('action') ?? undefined,
        actor: query.get('actor') ?? undefined,
        subject: query.get('subject') ?? undefined,
        tenant: seenBy(exchange.principal) ?? query.get('tenant') ?? undefined,
      })
      return responder.tell(exchange, page)
    },
  }
}
