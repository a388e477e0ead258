import { GatewayError } from '../errors/gateway-error.ts'
import type { Principal } from '../ir/principal.ts'
import type { RequestRecord } from '../ir/record.ts'
import { listRecords, type RecordFilter } from '../operations/list-records.ts'
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
        tenant: query.get('tenant') ?? undefined,
        apiKeyId: query.get('api_key_id') ?? undefined,
        owner: query.get('owner') ?? undefined,
        ...scopeOf(exchange.principal),
      })
      // `traces` is what such a list is called elsewhere; both names hold the same lines.
      const body = { ...list, traces: list.summaries, source: { kind: 'state_store', metadata_only: true } }
      return responder.tell(exchange, body)
    },
    async getTrace({ exchange, id }) {
      const record = await recordWithin(records, id, scopeOf(exchange.principal))
      if (record !== undefined) return responder.tell(exchange, record)
      throw new GatewayError(
        'record_not_found',
        'There is no record of this request. Records appear when the answer has ended, and are deleted after the retention time.',
      )
    },
  }
}

type Scope = Pick<RecordFilter, 'tenant' | 'owner' | 'apiKeyId'>

/**
 * Whose records somebody sees: admins everybody's, operators of a tenant that tenant's, and a client those of its owner, whichever of the
 * owner's keys was used, or of its key where that has no owner.
 */
function scopeOf(principal: Principal | undefined): Scope {
  if (principal === undefined || principal.role === 'admin') return {}
  const { role, tenant, owner, keyId } = principal
  if (role === 'operator') return tenant === undefined ? {} : { tenant }
  return owner === undefined ? { apiKeyId: keyId ?? '' } : { owner }
}

const isWithin = ({ tenant, owner, apiKeyId }: Scope, record: RequestRecord): boolean =>
  (tenant === undefined || record.tenant === tenant) &&
  (owner === undefined || record.owner === owner) &&
  (apiKeyId === undefined || record.api_key_id === apiKeyId)

/** The record of a whole id, the beginning of one, or `last`, as somebody of this scope may see it. */
async function recordWithin(
  records: TraceHandlersOptions['records'],
  id: string,
  scope: Scope,
): Promise<RequestRecord | undefined> {
  const isScoped = Object.keys(scope).length > 0
  const [newest] = isScoped && id === 'last' ? await records.list({ ...scope, limit: 1 }) : []
  try {
    const record = await records.get(newest?.request_id ?? id)
    return record !== undefined && isWithin(scope, record) ? record : undefined
  } catch (error) {
    // It would name requests of others.
    if (isScoped && error instanceof GatewayError && error.code === 'record_not_found') return undefined
    throw error
  }
}
