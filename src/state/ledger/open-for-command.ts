import { existsSync } from 'node:fs'
import type { Clock } from '../../lib/clock.ts'
import { openPostgres } from '../postgres/postgres.ts'
import type { StorePlace } from '../store-place.ts'
import { createPostgresLedger } from './postgres.ts'
import { openSqliteLedger } from './sqlite.ts'
import type { LedgerStore } from './store.ts'

/** The ledger that gateways keep, for a command that asks it and adds to it beside them; undefined when there is none yet. */
export function openLedgerForCommand(
  place: StorePlace,
  clock: Clock,
): Pick<LedgerStore, 'write' | 'rollups' | 'settled' | 'close'> | undefined {
  if (place.kind === 'file')
    return existsSync(place.path) ? openSqliteLedger({ path: place.path, clock, readOnly: false }) : undefined
  const database = openPostgres({ address: place.postgres, clock, connections: 1 })
  const ledger = createPostgresLedger({ database, required: false })
  return {
    write: (entries) => ledger.write(entries),
    rollups: (query) => ledger.rollups(query),
    settled: (filter) => ledger.settled(filter),
    async close() {
      await ledger.close()
      await database.close()
    },
  }
}
