import { GatewayError } from '../errors/gateway-error.ts'
import { isObject } from '../ir/json.ts'
import type { Principal } from '../ir/principal.ts'
import { refuseTenantOperators } from '../operations/beyond-tenants.ts'
import { usageCsv } from '../operations/usage/usage-csv.ts'
import type { UsageDesk } from '../operations/usage/usage-desk.ts'
import type { UsageEvents } from '../operations/usage/usage-events.ts'
import type { UsageParameters } from '../operations/usage/usage-query.ts'
import type { UsageReport } from '../operations/usage/usage-report.ts'
import { usageScope } from '../operations/usage/usage-scope.ts'
import type { HttpAppOptions } from './http-app.types.ts'
import type { Responder } from './responder.ts'
import type { ColdHandler, ColdRequest } from './route-handler.ts'
import type { UsageRouteName } from './routes.ts'
import type { CallServer } from './serve-call.ts'

/** Durability and invoices are of the whole gateway. */
const WHOLE = 'this tells of all of them'

export interface UsageHandlersOptions extends Pick<HttpAppOptions, 'usage'> {
  readonly calls: Pick<CallServer, 'receive'>
  readonly responder: Responder
}

/** What calls used and cost. A client sees its own, an operator of a tenant that tenant, others everything. */
export function createUsageHandlers({ usage, calls, responder }: UsageHandlersOptions): Record<UsageRouteName, ColdHandler> {
  const desk = (): UsageDesk => {
    if (usage !== undefined) return usage
    throw new GatewayError('state_unavailable', 'This gateway keeps no ledger. Switch it on with ledger.enabled.')
  }

  /** As JSON, or as a table where one was asked for. */
  const tellTable = ({ exchange, query }: ColdRequest, data: UsageReport | UsageEvents): Response => {
    if (!wantsCsv(query.get('format'), exchange.request.headers.get('accept'))) return responder.tell(exchange, data)
    const next = 'next' in data && data.next !== undefined ? [['x-switchback-next-cursor', data.next] as const] : []
    return responder.own(exchange, 200, usageCsv(data), [['content-type', 'text/csv; charset=utf-8; header=present'], ...next])
  }

  return {
    usageReport: async (request) => {
      const { principal } = request.exchange
      return tellTable(request, await desk().report(parametersOf(request.query), scopeOf(principal)))
    },
    usageEvents: async (request) => {
      const { principal } = request.exchange
      return tellTable(request, await desk().events(parametersOf(request.query), scopeOf(principal)))
    },
    usageReconcile: async ({ exchange, query }) => {
      refuseTenantOperators(exchange.principal, WHOLE)
      return responder.tell(exchange, await desk().reconcile(parametersOf(query)))
    },
    usageReprice: async ({ exchange }) =>
      responder.tell(exchange, await desk().reprice(textsOf((await calls.receive(exchange)).value))),
    usageImport: async ({ exchange }) => {
      refuseTenantOperators(exchange.principal, WHOLE)
      return responder.tell(exchange, await desk().compareInvoice((await calls.receive(exchange)).value))
    },
  }
}

const scopeOf = (principal: Principal | undefined) => usageScope(principal ?? { role: 'client' })

const parametersOf = (query: URLSearchParams): UsageParameters =>
  Object.fromEntries([...query].filter(([name, value]) => value !== '' || name === 'format'))

function wantsCsv(format: string | null, accept: string | null): boolean {
  if (format === null || format === '') return accept?.split(',')[0]?.trim().startsWith('text/csv') ?? false
  if (format === 'csv' || format === 'json') return format === 'csv'
  throw new GatewayError('invalid_body', '`format` must be json or csv.', { param: 'format' })
}

/** The fields of a body as texts; numbers and truth values are taken as written. */
function textsOf(body: unknown): UsageParameters {
  if (!isObject(body))
    throw new GatewayError('invalid_body', 'The body must be a JSON object such as {"since": "7d", "dry_run": true}.')
  return Object.fromEntries(
    Object.entries(body).map(([name, value]) => {
      if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return [name, String(value)]
      throw new GatewayError('invalid_body', `\`${name}\` must be a text, a number or true or false.`, { param: name })
    }),
  )
}
