import type { Clock } from '../../lib/clock.ts'
import { createMemoryTenancy } from './memory.ts'
import { openSqliteTenancy } from './sqlite.ts'
import type { TenancyStore } from './store.ts'

export interface OpenTenancyOptions {
  /** `memory`, or the path of an SQLite file, which may hold other parts of the state. */
  readonly store: 'memory' | (string & {})
  readonly clock: Pick<Clock, 'wall'>
}

/** Opens the tenancy where the state is kept. Throws `state_unavailable` or `state_incompatible`. */
export function openTenancy({ store, clock }: OpenTenancyOptions): TenancyStore {
  return store === 'memory' ? createMemoryTenancy() : openSqliteTenancy({ path: store, clock })
}
