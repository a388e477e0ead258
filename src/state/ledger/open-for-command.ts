import { existsSync } from 'node:fs'
import type { Clock } from '../../lib/clock.ts'
import { onOwnDatabase } from '../postgres/on-own-database.ts'
import type { StorePlace } from '../store-place.ts'
import { createPostgresLedger } from './postgres.ts'
import { openSqliteLedger } from './sqlite.ts'
import type { LedgerStore } from './store.ts'

export type LedgerAccess = 'read' | 'write'

/** The ledger that gateways keep, for a command beside them; undefined when there is none yet. Writing is all that may change anything. */
export function openLedgerForCommand(place: StorePlace, clock: Clock, access: LedgerAccess): LedgerStore | undefined {
  const readOnly = access === 'read'
  if (place.kind === 'file') return existsSync(place.path) ? openSqliteLedger({ path: place.path, clock, readOnly }) : undefined
  return onOwnDatabase(place.postgres, clock, (database) => createPostgresLedger({ database, required: false }), { readOnly })
}
