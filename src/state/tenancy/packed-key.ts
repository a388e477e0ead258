import type { JsonObject } from '../../ir/json.ts'
import type { AllowList, PrincipalRole } from '../../ir/principal.ts'
import type { Ending, IssuedKeyEntity } from './store.ts'

/** As much of a key as admitting it takes. */
export type AdmittableKey = Pick<
  IssuedKeyEntity,
  'id' | 'version' | 'owner' | 'tenant' | 'project' | 'role' | 'allowed' | 'expiresAt' | 'revoked' | 'disabled' | 'limits'
> & {
  readonly sha256?: string | undefined
  readonly previous?: { readonly sha256: string; readonly validUntil: number } | undefined
}

type Columns = readonly [
  version: number,
  owner: string,
  tenant: string | null,
  project: string | null,
  role: PrincipalRole,
  sha256: string | null,
  expiresAt: number | null,
  allowed: AllowList | null,
  previous: readonly [sha256: string, validUntil: number] | null,
  revoked: Ending | null,
  disabled: Ending | null,
  limits: JsonObject | null,
]

/** The key as a short text. */
export function packKey(key: IssuedKeyEntity): string {
  const columns: Columns = [
    key.version,
    key.owner,
    key.tenant ?? null,
    key.project ?? null,
    key.role,
    key.secret?.sha256 ?? null,
    key.expiresAt ?? null,
    key.allowed ?? null,
    key.previous === undefined ? null : [key.previous.sha256, key.previous.validUntil],
    key.revoked ?? null,
    key.disabled ?? null,
    key.limits ?? null,
  ]
  return JSON.stringify(columns)
}

/** What `packKey` made a text of. */
export function unpackKey(id: string, text: string): AdmittableKey {
  const [version, owner, tenant, project, role, sha256, ...rest] = JSON.parse(text) as Columns
  const [expiresAt, allowed, previous, revoked, disabled, limits] = rest
  return {
    id,
    version,
    owner,
    tenant: tenant ?? undefined,
    project: project ?? undefined,
    role,
    sha256: sha256 ?? undefined,
    expiresAt: expiresAt ?? undefined,
    allowed: allowed ?? undefined,
    previous: previous === null ? undefined : { sha256: previous[0], validUntil: previous[1] },
    revoked: revoked ?? undefined,
    disabled: disabled ?? undefined,
    limits: limits ?? undefined,
  }
}
