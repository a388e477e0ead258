import { GatewayError } from '../errors/gateway-error.ts'
import { NO_AUDIT, type AuditParts } from '../operations/audited.ts'
import { disableAudited, enableAudited, resetAudited, type Switching } from '../operations/audited-switches.ts'
import { listDisables, orderedBy, type OperatorParts } from '../operations/disable-switches.ts'
import { accountNamed, subjectNamed, type DisableScope } from '../operations/disable-subject.ts'
import { readDisableTerms, type DisableTerms } from '../operations/disable-terms.ts'
import { readRotationOrder, rotateAccount, type Rotated } from '../operations/rotate-account.ts'
import { healthView } from '../operations/health-view.ts'
import type { Exchange } from './exchange.ts'
import type { HttpAppOptions } from './http-app.types.ts'
import { originOf } from './origin-of.ts'
import { queryNumber } from './query-number.ts'
import type { Responder } from './responder.ts'
import type { ColdHandler } from './route-handler.ts'
import type { OperatorRouteName } from './routes.ts'
import type { CallServer } from './serve-call.ts'

export interface OperatorHandlersOptions extends Pick<HttpAppOptions, 'operator' | 'clock' | 'isTrustedProxy'> {
  readonly audit?: AuditParts['audit'] | undefined
  readonly calls: Pick<CallServer, 'receiveOr'>
  readonly responder: Responder
}

const MOST_CHANGES = 1_000

/** What operators see of the state of their upstreams, and the switches that take a provider, an account or a model out of use. */
export function createOperatorHandlers({
  operator,
  audit = NO_AUDIT,
  clock,
  isTrustedProxy,
  calls,
  responder,
}: OperatorHandlersOptions): Record<OperatorRouteName, ColdHandler> {
  const parts = (): OperatorParts => {
    if (operator !== undefined) return operator
    throw new GatewayError('state_unavailable', 'This gateway was built without switches and health views.')
  }

  /** Whoever asks, if they may switch at all. */
  const switching = (exchange: Exchange): Switching => ({
    by: orderedBy(exchange.principal),
    origin: originOf(exchange, isTrustedProxy),
    audit: { audit, clock },
  })

  /** The body of an order; none at all is an order without terms. */
  const terms = async (exchange: Exchange): Promise<DisableTerms> => {
    return readDisableTerms(await calls.receiveOr(exchange, {}))
  }

  const disable =
    (scope: DisableScope): ColdHandler =>
    async ({ exchange, id }) => {
      const who = switching(exchange)
      return responder.tell(exchange, await disableAudited(parts(), who, subjectNamed(scope, id), await terms(exchange)))
    }

  const enable =
    (scope: DisableScope): ColdHandler =>
    async ({ exchange, id }) => {
      const who = switching(exchange)
      const { reason, forMs } = await terms(exchange)
      if (forMs !== undefined)
        throw new GatewayError('invalid_body', 'Only a disable takes `for`: what is enabled stays so.', { param: 'for' })
      return responder.tell(exchange, await enableAudited(parts(), who, subjectNamed(scope, id), reason))
    }

  return {
    targetHealth: ({ exchange }) => responder.tell(exchange, healthView(parts())),
    listDisables: async ({ exchange, query }) =>
      responder.tell(
        exchange,
        await listDisables(parts().disables, queryNumber(query, 'limit', { least: 1, most: MOST_CHANGES })),
      ),
    disableProvider: disable('provider'),
    enableProvider: enable('provider'),
    disableAccount: disable('account'),
    enableAccount: enable('account'),
    async resetAccount({ exchange, id }) {
      const who = switching(exchange)
      await terms(exchange)
      return responder.tell(exchange, await resetAudited(parts(), who, accountNamed(id)))
    },
    rotateAccount: async ({ exchange, id }) =>
      responder.tell(exchange, await rotated(parts(), switching(exchange), id, await calls.receiveOr(exchange, {}))),
    disableModel: disable('model'),
    enableModel: enable('model'),
  }
}

/** Replaces the key of an account by the body of an order. */
function rotated({ rotation }: OperatorParts, who: Switching, id: string, body: unknown): Promise<Rotated> {
  if (rotation === undefined)
    throw new GatewayError('state_unavailable', 'This gateway was built without the means to replace keys.')
  return rotateAccount(rotation, who, accountNamed(id), readRotationOrder(body))
}
