import { GatewayError } from '../errors/gateway-error.ts'
import { NO_AUDIT, type AuditParts } from '../operations/audited.ts'
import { refuseTenantOperators } from '../operations/beyond-tenants.ts'
import {
  publishConfig,
  publishRevision,
  withdraw,
  type PublishOutcome,
  type PublishParts,
} from '../operations/revisions/publish.ts'
import { readNewConfig, readPublishTerms } from '../operations/revisions/publish-order.ts'
import { listRevisions, publishedView, showRevision } from '../operations/revisions/revision-views.ts'
import type { Exchange } from './exchange.ts'
import type { HttpAppOptions } from './http-app.types.ts'
import { originOf } from './origin-of.ts'
import { queryNumber } from './query-number.ts'
import type { Responder } from './responder.ts'
import type { ColdHandler } from './route-handler.ts'
import type { RevisionRouteName } from './routes.ts'
import type { CallServer } from './serve-call.ts'

export interface RevisionHandlersOptions extends Pick<HttpAppOptions, 'revisions' | 'snapshot' | 'clock' | 'isTrustedProxy'> {
  readonly audit?: AuditParts['audit'] | undefined
  readonly calls: Pick<CallServer, 'receive' | 'receiveOr'>
  readonly responder: Responder
}

const MOST_REVISIONS = 1_000

/** The history of configurations, and what all gateways of the state are to serve by. */
export function createRevisionHandlers(options: RevisionHandlersOptions): Record<RevisionRouteName, ColdHandler> {
  const { revisions, snapshot, audit = NO_AUDIT, clock, isTrustedProxy, calls, responder } = options
  const parts = (exchange: Exchange): PublishParts => {
    if (revisions === undefined)
      throw new GatewayError('state_unavailable', 'This gateway was built without a history of its configuration.')
    refuseTenantOperators(exchange.principal, 'the configuration is for everybody')
    return { ...revisions, audit, clock }
  }
  /** On an open gateway everybody is an admin, and whoever publishes says which files and variables go where. */
  const publishing = (exchange: Exchange): PublishParts => {
    const found = parts(exchange)
    if (exchange.principal?.keyId !== undefined) return found
    throw new GatewayError(
      'forbidden',
      'This gateway asks for no key, so nobody may publish over HTTP. Use "switchback config publish" where its state is, or give it keys.',
    )
  }
  const answer = async (exchange: Exchange, outcome: Promise<PublishOutcome>): Promise<Response> =>
    responder.tell(exchange, publishedView(await outcome))
  const origin = (exchange: Exchange) => originOf(exchange, isTrustedProxy)
  return {
    async listRevisions({ exchange, query }) {
      const found = { ...parts(exchange), inForce: snapshot().revision }
      const limit = queryNumber(query, 'limit', { least: 1, most: MOST_REVISIONS })
      const before = queryNumber(query, 'before', { least: 1, most: Number.MAX_SAFE_INTEGER })
      return responder.tell(exchange, await listRevisions(found, { limit, before }))
    },
    async getRevision({ exchange, id }) {
      const wanted = id === 'published' || id === 'current' ? id : revisionNumber(id)
      return responder.tell(exchange, await showRevision({ ...parts(exchange), inForce: snapshot().revision }, wanted))
    },
    async publishConfig({ exchange }) {
      const found = publishing(exchange)
      const order = readNewConfig((await calls.receive(exchange)).value)
      return answer(exchange, publishConfig(found, origin(exchange), order))
    },
    async publishRevision({ exchange, id }) {
      const found = publishing(exchange)
      const terms = readPublishTerms(await calls.receiveOr(exchange, {}))
      return answer(exchange, publishRevision(found, origin(exchange), { ...terms, revision: revisionNumber(id) }))
    },
    async withdrawConfig({ exchange }) {
      const found = publishing(exchange)
      return answer(exchange, withdraw(found, origin(exchange), readPublishTerms(await calls.receiveOr(exchange, {}))))
    },
  }
}

function revisionNumber(text: string): number {
  const revision = Number(text)
  if (/^\d{1,15}$/.test(text) && revision > 0) return revision
  throw new GatewayError('revision_not_found', 'A revision is named by its number, or as "published" or "current".')
}
