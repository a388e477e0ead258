import { createMemoryRevisions } from './memory.ts'
import { openSqliteRevisions, type SqliteRevisionsOptions } from './sqlite.ts'
import type { RevisionStore } from './store.ts'

export interface OpenRevisionsOptions {
  /** `memory`, or the path of an SQLite file, which may hold other parts of the state. */
  readonly store: 'memory' | (string & {})
  readonly clock: SqliteRevisionsOptions['clock']
}

/** Opens the history where the state is kept. Throws `state_unavailable` or `state_incompatible`. */
export const openRevisions = ({ store, clock }: OpenRevisionsOptions): RevisionStore =>
  store === 'memory' ? createMemoryRevisions() : openSqliteRevisions({ path: store, clock })
