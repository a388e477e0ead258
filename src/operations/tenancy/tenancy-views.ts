import type { JsonObject } from '../../ir/json.ts'
import type { AllowList, PrincipalRole } from '../../ir/principal.ts'
import type { Deed, Ending, IssuedKeyEntity, TenancyEntity } from '../../state/tenancy/store.ts'

/** An instant of something done, as JSON. Times are Unix milliseconds. */
interface DeedView {
  readonly at: number
  readonly by: string
  readonly reason?: string | undefined
}

/** A tenant, a project or an owner, as JSON. */
export interface GroupView {
  readonly object: 'tenant' | 'project' | 'owner'
  readonly id: string
  readonly name?: string | undefined
  readonly tenant?: string | undefined
  readonly state: 'active' | 'disabled'
  readonly limits?: JsonObject | undefined
  readonly disabled?: DeedView | undefined
  readonly created?: DeedView | undefined
  /** Only its name is known, because the configuration declares it. */
  readonly declared?: true | undefined
}

/** What a key has come to. `invited` waits for its invitation to be taken. */
export type KeyState = 'active' | 'invited' | 'disabled' | 'expired' | 'revoked'

/** An issued key, as JSON: never its secret, nor the hash of it. */
export interface KeyView {
  readonly object: 'key'
  readonly id: string
  readonly name?: string | undefined
  readonly owner: string
  readonly tenant?: string | undefined
  readonly project?: string | undefined
  readonly role: PrincipalRole
  readonly state: KeyState
  readonly allowed?: AllowList | undefined
  readonly limits?: JsonObject | undefined
  readonly created: DeedView
  readonly expires_at?: number | undefined
  /** Since when it has its present secret, and until when the one before is valid too. */
  readonly rotated_at?: number | undefined
  readonly previous_valid_until?: number | undefined
  readonly invitation_valid_until?: number | undefined
  readonly disabled?: DeedView | undefined
  readonly revoked?: DeedView | undefined
}

export function groupView(entity: Exclude<TenancyEntity, IssuedKeyEntity>): GroupView {
  const { kind, id, name, disabled, limits, created } = entity
  return {
    object: kind,
    id,
    name,
    tenant: entity.kind === 'tenant' ? undefined : entity.tenant,
    state: disabled === undefined ? 'active' : 'disabled',
    limits,
    disabled: deedView(disabled),
    created: deedView(created),
  }
}

export function keyView(key: IssuedKeyEntity, now: number): KeyView {
  const { id, name, owner, tenant, project, role, allowed, limits, created, expiresAt, secret, previous, invitation } = key
  return {
    object: 'key',
    id,
    name,
    owner,
    tenant,
    project,
    role,
    state: keyState(key, now),
    allowed,
    limits,
    created: deedView(created) ?? { at: 0, by: '' },
    expires_at: expiresAt,
    rotated_at: secret === undefined || secret.since === created.at ? undefined : secret.since,
    previous_valid_until: previous !== undefined && previous.validUntil > now ? previous.validUntil : undefined,
    invitation_valid_until: invitation?.validUntil,
    disabled: deedView(key.disabled),
    revoked: deedView(key.revoked),
  }
}

function keyState({ revoked, expiresAt, disabled, secret }: IssuedKeyEntity, now: number): KeyState {
  if (revoked !== undefined) return 'revoked'
  if (expiresAt !== undefined && expiresAt <= now) return 'expired'
  if (disabled !== undefined) return 'disabled'
  return secret === undefined ? 'invited' : 'active'
}

const deedView = (deed: Deed | Ending | undefined): DeedView | undefined =>
  deed === undefined ? undefined : { at: deed.at, by: deed.by, reason: deed.reason }
