import { GatewayError } from '../../errors/gateway-error.ts'
import { hashOfIssuedKey, newIssuedKey, newKeyId } from '../../lib/issued-key.ts'
import { nearest } from '../../lib/nearest.ts'
import type { IssuedKeyEntity } from '../../state/tenancy/store.ts'
import { actorName, type Origin } from '../audited.ts'
import { BodyFields, invalidField } from '../body-fields.ts'
import { safeText } from '../story-words.ts'
import { insertEntity } from './change-entity.ts'
import { KEY_TERMS, readId, readKeyTerms, requireId } from './read-key-fields.ts'
import { readEnd } from './read-time.ts'
import type { TenancyParts } from './tenancy-parts.ts'
import { keyView, type KeyView } from './tenancy-views.ts'

const INVITATION_MS = 7 * 86_400_000
const FIELDS = ['owner', 'tenant', 'project', 'invite', 'invite_expires', ...KEY_TERMS]

/** A new key. Its secret, or the invitation to fetch it, is shown here and never again. */
export interface CreatedKey {
  readonly key: KeyView
  readonly secret?: string | undefined
  readonly invitation?: string | undefined
  /** The owner was new, and is known from now on. */
  readonly new_owner?: true | undefined
}

/**
 * Issues a key to an owner, who need not have had one before. Throws `invalid_body`, `tenancy_not_found` for a tenant or project that is not
 * there, `tenancy_conflict` or `state_unavailable`.
 */
export async function createKey(parts: TenancyParts, origin: Origin, body: unknown): Promise<CreatedKey> {
  const fields = new BodyFields(body, FIELDS)
  const owner = requireId(fields, 'owner')
  const terms = readKeyTerms(parts, fields)
  const created = { at: Math.floor(parts.clock.wall()), by: actorName(origin.actor) }
  const isInvited = fields.flag('invite')
  const invitedUntil = readEnd(fields, 'invite_expires', created.at)
  if (invitedUntil !== undefined && !isInvited)
    throw invalidField('`invite_expires` is of an invitation: set `invite`, too.', 'invite_expires')
  const place = await placeOf(parts, fields, owner)
  if (place.isNewOwner) {
    const entity = { kind: 'owner' as const, id: owner, version: 1, created, tenant: place.tenant }
    await insertEntity(parts, origin, { entity, action: 'owner.create', details: { tenant: place.tenant } })
  }
  const id = newKeyId(parts.random)
  const text = newIssuedKey(isInvited ? 'invitation' : 'key', id, parts.random)
  const kept = { sha256: hashOfIssuedKey(text), since: created.at }
  const key: IssuedKeyEntity = {
    kind: 'key',
    id,
    version: 1,
    created,
    owner,
    tenant: place.tenant,
    project: place.project,
    role: 'client',
    ...terms,
    ...(isInvited ? { invitation: { ...kept, validUntil: invitedUntil ?? created.at + INVITATION_MS } } : { secret: kept }),
  }
  const { role, allowed, limits, expiresAt } = key
  const { tenant, project } = place
  const details = { owner, tenant, project, role, allowed: { ...allowed }, limits, expires_at: expiresAt, invite: isInvited }
  await insertEntity(parts, origin, { entity: key, action: 'key.create', details })
  return {
    key: keyView(key, created.at),
    ...(isInvited ? { invitation: text } : { secret: text }),
    new_owner: place.isNewOwner ? true : undefined,
  }
}

interface Place {
  readonly tenant: string | undefined
  readonly project: string | undefined
  readonly isNewOwner: boolean
}

/** Where the key belongs: what was asked for must be there, and fit together. */
async function placeOf({ store, known }: TenancyParts, fields: BodyFields, ownerId: string): Promise<Place> {
  const owner = await store.get('owner', ownerId)
  if (owner === undefined) await refuseMistyped(store, ownerId)
  const tenant = readId(fields, 'tenant') ?? owner?.tenant
  const project = readId(fields, 'project')
  if (owner?.tenant !== undefined && tenant !== owner.tenant)
    throw invalidField(
      `The owner ${ownerId} belongs to the tenant ${owner.tenant}. Leave \`tenant\` out, or name another owner.`,
      'tenant',
    )
  if (tenant !== undefined && !known().tenants.includes(tenant) && (await store.get('tenant', tenant)) === undefined)
    throw missing('tenant', tenant, `switchback tenant create ${tenant}`)
  if (project === undefined) return { tenant, project, isNewOwner: owner === undefined }
  if (tenant === undefined) throw invalidField('A project belongs to a tenant: name the `tenant`, too.', 'project')
  if ((await store.get('project', `${tenant}/${project}`)) === undefined)
    throw missing('project', `${tenant}/${project}`, `switchback project create ${tenant}/${project}`)
  return { tenant, project, isNewOwner: owner === undefined }
}

/** Owners need no ceremony; but one whose name is nearly that of another is more likely mistyped than new. */
async function refuseMistyped(store: TenancyParts['store'], id: string): Promise<void> {
  const owners = await store.list('owner', { limit: 1_000 })
  const close = nearest(
    id,
    owners.map((owner) => owner.id),
  )
  if (close === undefined) return
  throw new GatewayError(
    'tenancy_not_found',
    `There is no owner ${id}. Did you mean ${close}? If ${id} is somebody else: switchback owner create ${id}`,
    { param: 'owner' },
  )
}

const missing = (kind: 'tenant' | 'project', id: string, command: string): GatewayError =>
  new GatewayError('tenancy_not_found', `There is no ${kind} ${safeText(id)}. Create it first: ${safeText(command)}`, {
    param: kind,
  })
