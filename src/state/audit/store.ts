import type { JsonObject } from '../../ir/json.ts'
import type { PrincipalRole } from '../../ir/principal.ts'

/** Who did something: somebody with a key, somebody on an open gateway, somebody at a terminal of the machine, a stranger, or the gateway. */
export interface AuditActor {
  readonly kind: 'key' | 'open' | 'terminal' | 'stranger' | 'gateway'
  /** Id of the key, name of the user. */
  readonly id?: string | undefined
  readonly role?: PrincipalRole | undefined
  readonly tenant?: string | undefined
  readonly owner?: string | undefined
}

/** From where. */
export interface AuditSource {
  readonly via: 'http' | 'command'
  /** Address of the client. */
  readonly address?: string | undefined
  readonly requestId?: string | undefined
}

/** What it was about. */
export interface AuditSubject {
  /** `key`, `tenant`, `provider`, `price` … */
  readonly kind: string
  readonly id: string
  /** The tenant it belongs to, if it does: operators of one tenant see its entries only. */
  readonly tenant?: string | undefined
}

/** A change, or a failed authentication. Never holds a secret, a prompt or an answer. */
export interface AuditEntry {
  /** Unix milliseconds. */
  readonly at: number
  /** What was done, as `key.revoke`, `model.disable`, `authentication`. */
  readonly action: string
  readonly outcome: 'done' | 'refused' | 'failed'
  readonly actor: AuditActor
  readonly source: AuditSource
  readonly subject?: AuditSubject | undefined
  /** Of a failure or a refusal. */
  readonly errorCode?: string | undefined
  /** What has changed, and to what; reasons that were given. */
  readonly details?: JsonObject | undefined
  /** How often, where equal things were put together; 1 when absent. */
  readonly times?: number | undefined
}

/** An entry as it is kept. */
export interface KeptAuditEntry extends AuditEntry {
  /** Grows with each entry. */
  readonly sequence: number
}

/** Which entries to list, newest first. Absent fields do not filter. */
export interface AuditFilter {
  /** At most 1000; 100 when absent. */
  readonly limit?: number | undefined
  /** A sequence: only what is older. The last one of a page is the cursor of the next. */
  readonly before?: number | undefined
  /** Unix milliseconds: only what happened then or later. */
  readonly sinceMs?: number | undefined
  /** An action, or the beginning of several that ends in a dot: `key.`. */
  readonly action?: string | undefined
  /** Id of whoever did it. */
  readonly actor?: string | undefined
  /** Id of what it was about. */
  readonly subject?: string | undefined
  /** Only what concerns this tenant: its subjects, and what its own people did. */
  readonly tenant?: string | undefined
}

/** What was changed, by whom, when and from where: durable truth that all replicas share. Entries are appended, never edited. */
export interface AuditStore {
  /** Durable when it resolves. Rejects with `state_unavailable` when the entry cannot be kept, within the store's deadline. */
  append(entry: AuditEntry): Promise<void>
  list(filter?: AuditFilter): Promise<readonly KeptAuditEntry[]>
  /** Deletes what happened before `beforeMs` (Unix milliseconds), in bounded batches; resolves with how many. */
  prune(beforeMs: number): Promise<number>
  close(): Promise<void>
}
