import type { JsonObject } from '../../ir/json.ts'
import type { AllowList, PrincipalRole } from '../../ir/principal.ts'

/** What has an id of its own: tenants hold projects, owners are people or teams, keys are issued to owners. */
export type TenancyKind = 'tenant' | 'project' | 'owner' | 'key'

/** Who did something, when and why. Times are Unix milliseconds. */
export interface Deed {
  readonly at: number
  readonly by: string
  readonly reason?: string | undefined
}

/** What came to an end, perhaps sparing the calls that were under way. */
export interface Ending extends Deed {
  /** Calls that were running may finish. */
  readonly drain?: true | undefined
}

interface Common {
  readonly id: string
  /** 1 when it is new, one more with each change: a change of anything but the latest version is refused. */
  readonly version: number
  readonly created: Deed
  readonly name?: string | undefined
  /** Out of use for the time being; undefined when it is in use. */
  readonly disabled?: Ending | undefined
  /** Limits and budgets, as whoever enforces them wrote them; opaque here. */
  readonly limits?: JsonObject | undefined
}

export interface Tenant extends Common {
  readonly kind: 'tenant'
}

/** Its id is `tenant/name`. */
export interface Project extends Common {
  readonly kind: 'project'
  readonly tenant: string
}

/** A person or a team. */
export interface Owner extends Common {
  readonly kind: 'owner'
  /** The tenant all its keys belong to; undefined when they may belong to any. */
  readonly tenant?: string | undefined
}

/** A secret, of which only the hash is kept. */
export interface KeptSecret {
  /** SHA-256 of the whole text, lower-case hex. */
  readonly sha256: string
  readonly since: number
}

export interface IssuedKeyEntity extends Common {
  readonly kind: 'key'
  readonly owner: string
  readonly tenant?: string | undefined
  /** Name of a project of the tenant. */
  readonly project?: string | undefined
  readonly role: PrincipalRole
  readonly allowed?: AllowList | undefined
  /** Unix milliseconds from which on it admits nobody. */
  readonly expiresAt?: number | undefined
  /** Undefined while the key waits for its invitation to be taken. */
  readonly secret?: KeptSecret | undefined
  /** The one before, while both are valid. */
  readonly previous?: (KeptSecret & { readonly validUntil: number }) | undefined
  /** What fetches the secret, once. */
  readonly invitation?: (KeptSecret & { readonly validUntil: number }) | undefined
  /** Ended for good. */
  readonly revoked?: Ending | undefined
}

export type TenancyEntity = Tenant | Project | Owner | IssuedKeyEntity

export type EntityOf<Kind extends TenancyKind> = Extract<TenancyEntity, { readonly kind: Kind }>

/** Which entities to list, by id upwards. Absent fields do not filter. */
export interface TenancyFilter {
  readonly tenant?: string | undefined
  readonly owner?: string | undefined
  /** An id: only what comes after it. The last id of one page is the cursor of the next. */
  readonly after?: string | undefined
  /** At most 1000; 100 when absent. */
  readonly limit?: number | undefined
}

/**
 * Tenants, projects, owners and the keys issued to them: durable truth, shared by all replicas. Nothing is ever deleted, so that what
 * records name can be looked up. Every call rejects with `state_unavailable` when the store does not answer within its deadline.
 */
export interface TenancyStore {
  get<Kind extends TenancyKind>(kind: Kind, id: string): Promise<EntityOf<Kind> | undefined>
  list<Kind extends TenancyKind>(kind: Kind, filter?: TenancyFilter): Promise<readonly EntityOf<Kind>[]>
  /** Keeps a new entity of version 1; false when there is one with this id. Durable when it resolves. */
  insert(entity: TenancyEntity): Promise<boolean>
  /** Keeps the next version of an entity; false when somebody else was faster, or there is none. Durable when it resolves. */
  replace(entity: TenancyEntity): Promise<boolean>
  /** Everything of a kind, in pages: for mirrors in memory. What changes meanwhile is told by `watch`. */
  pages<Kind extends TenancyKind>(kind: Kind): AsyncIterable<readonly EntityOf<Kind>[]>
  /**
   * Tells what is new or has changed once it is durable: at once of those made through this store, within a second of those that other processes
   * made. Until the returned function is called.
   */
  watch(listener: (changed: TenancyEntity) => void): () => void
  close(): Promise<void>
}
