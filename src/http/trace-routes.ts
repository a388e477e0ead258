import { GatewayError } from '../errors/gateway-error.ts'
import type { Principal } from '../ir/principal.ts'
import { listRecords } from '../operations/list-records.ts'
import type { HttpAppOptions } from './http-app.types.ts'
import { queryNumber } from './query-number.ts'
import type { Responder } from './responder.ts'
import type { ColdHandler } from './route-handler.ts'

export interface TraceHandlersOptions extends Pick<HttpAppOptions, 'records'> {
  readonly responder: Responder
}

const MOST_RECORDS = 1000
const LATEST_TIME = Number.MAX_SAFE_INTEGER

/** Records of requests: a page of them, and one by id, beginning of an id, or `last`. */
export function createTraceHandlers({
  records,
  responder,
}: TraceHandlersOptions): Record<'listTraces' | 'getTrace', ColdHandler> {
  return {
    async listTraces({ exchange, query }) {
      const list = await listRecords(records, {
        limit: queryNumber(query, 'limit', { least: 1, most: MOST_RECORDS }),
        status: queryNumber(query, 'status', { least: 100, most: 599 }),
        sinceMs: queryNumber(query, 'since_ms', { least: 0, most: LATEST_TIME }),
        model: query.get('model') ?? undefined,
        sessionId: query.get('session_id') ?? undefined,
        before: query.get('before') ?? undefined,
        tenant: visibleTenant(exchange.principal) ?? query.get('tenant') ?? undefined,
      })
      // `traces` is what such a list is called elsewhere; both names hold the same lines.
      const body = { ...list, traces: list.summaries, source: { kind: 'state_store', metadata_only: true } }
      return responder.own(exchange, 200, JSON.stringify(body), [])
    },
    async getTrace({ exchange, id }) {
      const tenant = visibleTenant(exchange.principal)
      const record = await records.get(await idWithin(records, id, tenant))
      if (record !== undefined && (tenant === undefined || record.tenant === tenant))
        return responder.own(exchange, 200, JSON.stringify(record), [])
      throw new GatewayError(
        'record_not_found',
        'There is no record of this request. Records appear when the answer has ended, and are deleted after the retention time.',
      )
    },
  }
}

/** Operators who belong to a tenant see only that tenant; admins see everything. */
const visibleTenant = (principal: Principal | undefined): string | undefined =>
  principal?.role === 'operator' ? principal.tenant : undefined

/** For somebody who sees one tenant only, `last` is the last request of that tenant. */
async function idWithin(records: TraceHandlersOptions['records'], id: string, tenant: string | undefined): Promise<string> {
  if (id !== 'last' || tenant === undefined) return id
  const [newest] = await records.list({ tenant, limit: 1 })
  return newest?.request_id ?? id
}
