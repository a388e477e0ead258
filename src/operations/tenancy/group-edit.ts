import { GatewayError } from '../../errors/gateway-error.ts'
import type { JsonObject } from '../../ir/json.ts'
import type { EntityOf, Owner, Project, Tenant } from '../../state/tenancy/store.ts'
import { actorName, type Origin } from '../audited.ts'
import { BodyFields, invalidField } from '../body-fields.ts'
import { changeEntity, insertEntity } from './change-entity.ts'
import { readEnding } from './key-change.ts'
import { LONGEST_NAME, readId, readLimits, requireId } from './read-key-fields.ts'
import type { TenancyParts } from './tenancy-parts.ts'
import { groupView, type GroupView } from './tenancy-views.ts'

export type GroupKind = 'tenant' | 'project' | 'owner'

export interface ChangedGroup {
  readonly group: GroupView
  readonly changed: boolean
}

/** Makes a tenant, a project (`{"id": "web", "tenant": "acme"}`) or an owner. */
export async function createGroup(parts: TenancyParts, origin: Origin, kind: GroupKind, body: unknown): Promise<ChangedGroup> {
  const fields = new BodyFields(body, ['id', 'name', 'limits', ...(kind === 'tenant' ? [] : ['tenant'])])
  const id = requireId(fields, 'id')
  const tenant = kind === 'tenant' ? undefined : readId(fields, 'tenant')
  if (kind === 'project' && tenant === undefined)
    throw invalidField('A project belongs to a tenant: name the `tenant`.', 'tenant')
  if (tenant !== undefined) await requireTenant(parts, tenant)
  const terms = { name: fields.text('name', LONGEST_NAME), limits: readLimits(parts, fields, kind) }
  const created = { at: Math.floor(parts.clock.wall()), by: actorName(origin.actor) }
  const entity = newGroup(kind, { id, tenant, common: { version: 1, created, ...terms } })
  await insertEntity(parts, origin, { entity, action: `${kind}.create`, details: { tenant, ...terms } })
  return { group: groupView(entity), changed: true }
}

/** Gives it another name or other limits: fields that are there replace, `null` takes away. */
export async function changeGroup(
  parts: TenancyParts,
  origin: Origin,
  { kind, id, body }: { readonly kind: GroupKind; readonly id: string; readonly body: unknown },
): Promise<ChangedGroup> {
  const fields = new BodyFields(body, ['name', 'limits'])
  const terms = {
    ...(fields.has('name') ? { name: fields.text('name', LONGEST_NAME) } : {}),
    ...(fields.has('limits') ? { limits: readLimits(parts, fields, kind) } : {}),
  }
  if (Object.keys(terms).length === 0) throw invalidField('Say what is to change: name, limits.')
  await adopt(parts, kind, id, origin)
  const details = JSON.parse(JSON.stringify(terms, (_name, value: unknown) => value ?? null)) as JsonObject
  const { entity, changed } = await changeEntity(parts, origin, {
    kind,
    id,
    action: `${kind}.change`,
    details,
    next: () => terms,
  })
  return { group: groupView(entity), changed }
}

/** Takes everything that belongs to it out of use, or puts it back. */
export async function switchGroup(
  parts: TenancyParts,
  origin: Origin,
  order: { readonly kind: GroupKind; readonly id: string; readonly action: 'disable' | 'enable'; readonly body: unknown },
): Promise<ChangedGroup> {
  const { kind, id, action } = order
  const { ending, details } = readEnding(parts, origin, action, order.body)
  await adopt(parts, kind, id, origin)
  const { entity, changed } = await changeEntity(parts, origin, {
    kind,
    id,
    action: `${kind}.${action}`,
    details,
    next: ({ disabled }) => {
      if (action === 'enable') return disabled === undefined ? undefined : { disabled: undefined }
      return disabled === undefined ? { disabled: ending } : undefined
    },
  })
  return { group: groupView(entity), changed }
}

/** A tenant that only the configuration names gets a place of its own when it is first changed. */
async function adopt(parts: TenancyParts, kind: GroupKind, id: string, { actor }: Origin): Promise<void> {
  if (kind !== 'tenant' || !parts.known().tenants.includes(id) || (await parts.store.get('tenant', id)) !== undefined) return
  const created = { at: Math.floor(parts.clock.wall()), by: actorName(actor) }
  await parts.store.insert({ kind: 'tenant', id, version: 1, created })
}

async function requireTenant({ store, known }: TenancyParts, id: string): Promise<void> {
  if (known().tenants.includes(id) || (await store.get('tenant', id)) !== undefined) return
  throw new GatewayError('tenancy_not_found', `There is no tenant ${id}. Create it first: switchback tenant create ${id}`, {
    param: 'tenant',
  })
}

type Group = EntityOf<GroupKind>

interface NewGroup {
  readonly id: string
  readonly tenant: string | undefined
  readonly common: Pick<Group, 'version' | 'created' | 'name' | 'limits'>
}

function newGroup(kind: GroupKind, { id, tenant, common }: NewGroup): Group {
  if (kind === 'tenant') return { kind, id, ...common } satisfies Tenant
  if (kind === 'owner') return { kind, id, tenant, ...common } satisfies Owner
  return { kind, id: `${tenant}/${id}`, tenant: tenant ?? '', ...common } satisfies Project
}
