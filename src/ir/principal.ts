import type { ApiKeyId, TenantId } from './ids.ts'

export type PrincipalRole = 'client' | 'operator' | 'admin'

/** Who is calling. Open loopback mode is an admin without a key. */
export interface Principal {
  readonly role: PrincipalRole
  readonly keyId?: ApiKeyId | undefined
  /** The person or team the key belongs to, who may have others. */
  readonly owner?: string | undefined
  readonly tenant?: TenantId | undefined
  readonly project?: string | undefined
  /** What the caller is confined to; undefined is no restriction. */
  readonly allowed?: AllowList | undefined
}

/** Names a caller may use. An absent list restricts nothing; an empty one allows nothing. */
export interface AllowList {
  /** Model names as requested; `*` stands for any text. */
  readonly models?: readonly string[] | undefined
  /** Routes as decisions name them: the route's name, `direct`, `combo/…`, `default:…`. */
  readonly routes?: readonly string[] | undefined
  readonly providers?: readonly string[] | undefined
  /** Accounts as `provider/account`. */
  readonly accounts?: readonly string[] | undefined
}
