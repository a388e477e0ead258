import { existsSync } from 'node:fs'
import type { Clock } from '../../lib/clock.ts'
import { createNoCoordination } from '../coordination/none.ts'
import type { LedgerPlace } from '../ledger/open-for-command.ts'
import { openPostgres } from '../postgres/postgres.ts'
import { createPostgresRotatedKeys } from './postgres.ts'
import { openSqliteRotatedKeys } from './sqlite.ts'
import type { RotatedKeyStore } from './store.ts'

/** The rotated keys of gateways, for a command that only reads them; undefined when there is no such file. Throws `state_unavailable`. */
export function openRotatedKeysForCommand(place: LedgerPlace, clock: Clock): RotatedKeyStore | undefined {
  if (place.kind === 'file')
    return existsSync(place.path) ? openSqliteRotatedKeys({ path: place.path, clock, readOnly: true }) : undefined
  const database = openPostgres({ address: place.postgres, clock, connections: 1 })
  const card = { id: 'command', host: '', pid: process.pid, started: '', version: '', configHash: '' }
  const store = createPostgresRotatedKeys({ database, clock, coordination: createNoCoordination(card) })
  return {
    ...store,
    async close() {
      await store.close()
      await database.close()
    },
  }
}
