import type { Clock } from '../../lib/clock.ts'
import { createMemoryDisables } from './memory.ts'
import { openSqliteDisables } from './sqlite.ts'
import type { DisableStore } from './store.ts'

export interface OpenDisablesOptions {
  /** `memory`, or the path of an SQLite file, which may hold the records too. */
  readonly store: 'memory' | (string & {})
  readonly clock: Pick<Clock, 'wall'>
}

/** Opens the disables where the state is kept. Throws `state_unavailable` or `state_incompatible`. */
export function openDisables({ store, clock }: OpenDisablesOptions): DisableStore {
  return store === 'memory' ? createMemoryDisables({ clock }) : openSqliteDisables({ path: store, clock })
}
