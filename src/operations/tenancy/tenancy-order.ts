import { GatewayError } from '../../errors/gateway-error.ts'
import type { JsonObject } from '../../ir/json.ts'
import type { Principal } from '../../ir/principal.ts'
import { assertNever } from '../../lib/assert-never.ts'
import type { TenancyFilter } from '../../state/tenancy/store.ts'
import type { Origin } from '../audited.ts'
import { BodyFields } from '../body-fields.ts'
import { requireEntity } from './change-entity.ts'
import { changeGroup, createGroup, switchGroup, type ChangedGroup, type GroupKind } from './group-edit.ts'
import { changeKey, rotateKey, switchKey } from './key-change.ts'
import { createKey } from './key-create.ts'
import { inspectKey } from './key-inspect.ts'
import { listGroups, listKeys } from './list-tenancy.ts'
import type { TenancyParts } from './tenancy-parts.ts'
import { groupView } from './tenancy-views.ts'

type OrderOf<Kind> =
  | { readonly kind: Kind; readonly action: 'list'; readonly filter: TenancyFilter }
  | { readonly kind: Kind; readonly action: 'create'; readonly body: unknown }
  | { readonly kind: Kind; readonly action: 'show'; readonly id: string }
  | { readonly kind: Kind; readonly action: 'change' | 'disable' | 'enable'; readonly id: string; readonly body: unknown }

export type GroupOrder = OrderOf<GroupKind>

export type KeyOrder =
  | OrderOf<'key'>
  | { readonly kind: 'key'; readonly action: 'inspect'; readonly body: unknown }
  | { readonly kind: 'key'; readonly action: 'rotate' | 'revoke'; readonly id: string; readonly body: unknown }

/** Something wanted of keys, tenants, projects or owners, the same from the command line and over HTTP. */
export type TenancyOrder = KeyOrder | GroupOrder

/**
 * Does it. `seen` is the tenant whose things whoever asks may see; undefined for all of them. Changes are for those who may see everything:
 * who may change at all is decided before.
 */
export async function runTenancyOrder(
  parts: TenancyParts,
  origin: Origin,
  order: TenancyOrder,
  seen?: string,
): Promise<JsonObject> {
  const answer =
    order.kind === 'key' ? await runKeyOrder(parts, origin, order, seen) : await runGroupOrder(parts, origin, order, seen)
  return { ...answer }
}

async function runGroupOrder(parts: TenancyParts, origin: Origin, order: GroupOrder, seen: string | undefined): Promise<object> {
  const { kind, action } = order
  switch (action) {
    case 'list': {
      const { groups, next_after } = await listGroups(parts, kind, within(order.filter, seen))
      return { [`${kind}s`]: groups, next_after }
    }
    case 'show': {
      const entity = await requireEntity(parts.store, kind, order.id)
      const tenant = entity.kind === 'tenant' ? entity.id : entity.tenant
      if (seen !== undefined && tenant !== seen) throw notSeen(kind)
      return { [kind]: groupView(entity) }
    }
    case 'create':
      return told(kind, await createGroup(parts, origin, kind, order.body))
    case 'change':
      return told(kind, await changeGroup(parts, origin, { kind, id: order.id, body: order.body }))
    case 'disable':
    case 'enable':
      return told(kind, await switchGroup(parts, origin, { kind, id: order.id, action, body: order.body }))
    default:
      return assertNever(action)
  }
}

const told = (kind: GroupKind, { group, changed }: ChangedGroup): object => ({ [kind]: group, changed })

async function runKeyOrder(parts: TenancyParts, origin: Origin, order: KeyOrder, seen: string | undefined): Promise<object> {
  switch (order.action) {
    case 'list':
      return listKeys(parts, within(order.filter, seen))
    case 'create':
      return createKey(parts, origin, order.body)
    case 'show':
      return inspectKey(parts, order.id, seen)
    case 'inspect':
      return inspectKey(parts, new BodyFields(order.body, ['key']).text('key', 500) ?? '', seen)
    case 'change':
      return changeKey(parts, origin, order.id, order.body)
    case 'rotate':
      return rotateKey(parts, origin, order.id, order.body)
    case 'disable':
    case 'enable':
    case 'revoke':
      return switchKey(parts, origin, { id: order.id, action: order.action, body: order.body })
    default:
      return assertNever(order)
  }
}

const within = (filter: TenancyFilter, seen: string | undefined): TenancyFilter =>
  seen === undefined ? filter : { ...filter, tenant: seen }

const notSeen = (kind: GroupKind): GatewayError =>
  new GatewayError('tenancy_not_found', `There is no ${kind} of this name in your tenant.`)

/** The tenant that somebody's view is confined to: that of an operator who belongs to one. */
export const seenBy = (principal: Principal | undefined): string | undefined =>
  principal?.role === 'operator' ? principal.tenant : undefined
