import type { Clock } from '../../lib/clock.ts'
import { createMemoryAudit } from './memory.ts'
import { openSqliteAudit } from './sqlite.ts'
import type { AuditStore } from './store.ts'

export interface OpenAuditOptions {
  /** `memory`, or the path of an SQLite file, which may hold other parts of the state. */
  readonly store: 'memory' | (string & {})
  readonly clock: Pick<Clock, 'wall'>
}

/** Opens the audit where the state is kept. Throws `state_unavailable` or `state_incompatible`. */
export function openAudit({ store, clock }: OpenAuditOptions): AuditStore {
  return store === 'memory' ? createMemoryAudit() : openSqliteAudit({ path: store, clock })
}
