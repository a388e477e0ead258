import { existsSync } from 'node:fs'
import type { Clock } from '../../lib/clock.ts'
import { openPostgresForCommand } from '../postgres/open-for-command.ts'
import type { StorePlace } from '../store-place.ts'
import { createPostgresRotatedKeys } from './postgres.ts'
import { openSqliteRotatedKeys } from './sqlite.ts'
import type { RotatedKeyStore } from './store.ts'

/** The rotated keys of gateways, for a command that only reads them; undefined when there is no such file. Throws `state_unavailable`. */
export function openRotatedKeysForCommand(place: StorePlace, clock: Clock): RotatedKeyStore | undefined {
  if (place.kind === 'file')
    return existsSync(place.path) ? openSqliteRotatedKeys({ path: place.path, clock, readOnly: true }) : undefined
  const parts = openPostgresForCommand(place.postgres, clock)
  const store = createPostgresRotatedKeys(parts)
  return {
    ...store,
    async close() {
      await store.close()
      await parts.database.close()
    },
  }
}
