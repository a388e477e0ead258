import { GatewayError } from '../errors/gateway-error.ts'
import type { GroupKind } from '../operations/tenancy/group-edit.ts'
import { redeemInvitation } from '../operations/tenancy/key-redeem.ts'
import type { TenancyParts } from '../operations/tenancy/tenancy-parts.ts'
import { runTenancyOrder, seenBy, type TenancyOrder } from '../operations/tenancy/tenancy-order.ts'
import { whoAmI } from '../operations/tenancy/who-am-i.ts'
import type { HttpAppOptions } from './http-app.types.ts'
import { originOf } from './origin-of.ts'
import { queryNumber } from './query-number.ts'
import type { Responder } from './responder.ts'
import type { ColdHandler, ColdRequest } from './route-handler.ts'
import type { TenancyRouteName } from './routes.ts'
import type { CallServer } from './serve-call.ts'

export interface TenancyHandlersOptions extends Pick<HttpAppOptions, 'tenancy' | 'isTrustedProxy'> {
  readonly calls: Pick<CallServer, 'receiveOr'>
  readonly responder: Responder
}

const MOST_LISTED = 1_000

/** Keys, tenants, projects and owners, for whoever runs the gateway; and what a caller may know of itself. */
export function createTenancyHandlers(options: TenancyHandlersOptions): Record<TenancyRouteName, ColdHandler> {
  const { parts, tell, bodyOf, run, list, create, show, alter, end } = createOrderHandlers(options)
  return {
    async whoAmI(request) {
      return tell(request, await whoAmI(parts(), request.exchange.principal ?? { role: 'client' }))
    },
    async redeemInvitation(request) {
      const origin = originOf(request.exchange, options.isTrustedProxy)
      return tell(request, await redeemInvitation(parts(), origin, await bodyOf(request)))
    },
    async inspectKey(request) {
      return run(request, { kind: 'key', action: 'inspect', body: await bodyOf(request) })
    },
    listKeys: list('key'),
    createKey: create('key'),
    getKey: show('key'),
    changeKey: alter('key', 'change'),
    rotateKey: end('rotate'),
    revokeKey: end('revoke'),
    disableKey: alter('key', 'disable'),
    enableKey: alter('key', 'enable'),
    listTenants: list('tenant'),
    createTenant: create('tenant'),
    getTenant: show('tenant'),
    changeTenant: alter('tenant', 'change'),
    disableTenant: alter('tenant', 'disable'),
    enableTenant: alter('tenant', 'enable'),
    listProjects: list('project'),
    createProject: create('project'),
    getProject: show('project'),
    changeProject: alter('project', 'change'),
    disableProject: alter('project', 'disable'),
    enableProject: alter('project', 'enable'),
    listOwners: list('owner'),
    createOwner: create('owner'),
    getOwner: show('owner'),
    changeOwner: alter('owner', 'change'),
    disableOwner: alter('owner', 'disable'),
    enableOwner: alter('owner', 'enable'),
  }
}

/** Makes handlers of orders. */
function createOrderHandlers({ tenancy, isTrustedProxy, calls, responder }: TenancyHandlersOptions) {
  const parts = (): TenancyParts => {
    if (tenancy !== undefined) return tenancy
    throw new GatewayError('state_unavailable', 'This gateway was built without issued keys.')
  }
  const tell = ({ exchange }: ColdRequest, value: object): Response => responder.tell(exchange, value)
  /** The body of an order; none at all is an order without terms. */
  const bodyOf = async ({ exchange }: ColdRequest): Promise<unknown> => await calls.receiveOr(exchange, {})
  const run = async (request: ColdRequest, order: TenancyOrder): Promise<Response> => {
    const { exchange } = request
    const origin = originOf(exchange, isTrustedProxy)
    return tell(request, await runTenancyOrder(parts(), origin, order, seenBy(exchange.principal)))
  }
  type Kind = 'key' | GroupKind
  return {
    parts,
    tell,
    bodyOf,
    run,
    list:
      (kind: Kind): ColdHandler =>
      (request) =>
        run(request, { kind, action: 'list', filter: filterOf(request.query) }),
    create:
      (kind: Kind): ColdHandler =>
      async (request) =>
        run(request, { kind, action: 'create', body: await bodyOf(request) }),
    show:
      (kind: Kind): ColdHandler =>
      (request) =>
        run(request, { kind, action: 'show', id: request.id }),
    alter:
      (kind: Kind, action: 'change' | 'disable' | 'enable'): ColdHandler =>
      async (request) =>
        run(request, { kind, action, id: request.id, body: await bodyOf(request) }),
    end:
      (action: 'rotate' | 'revoke'): ColdHandler =>
      async (request) =>
        run(request, { kind: 'key', action, id: request.id, body: await bodyOf(request) }),
  }
}

const filterOf = (query: URLSearchParams) => ({
  tenant: query.get('tenant') ?? undefined,
  owner: query.get('owner') ?? undefined,
  after: query.get('after') ?? undefined,
  limit: queryNumber(query, 'limit', { least: 1, most: MOST_LISTED }),
})
