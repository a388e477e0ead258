import type { ApiKeyId, TenantId } from './ids.ts'

export type PrincipalRole = 'client' | 'operator' | 'admin'

/** Who is calling. Open loopback mode is an admin without a key. */
export interface Principal {
  readonly role: PrincipalRole
  readonly keyId?: ApiKeyId | undefined
  readonly tenant?: TenantId | undefined
  readonly project?: string | undefined
}
