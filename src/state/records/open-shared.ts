import type { Clock } from '../../lib/clock.ts'
import type { PostgresAddress } from '../postgres/address.schema.ts'
import { openPostgres } from '../postgres/postgres.ts'
import { createPostgresRecords } from './postgres.ts'
import type { RecordStore, UnpackRecord } from './store.ts'

/** The records of all gateways on a database, for looking into them: nothing is created. Closing it lets go of the database. */
export function openSharedRecords(
  address: PostgresAddress,
  options: { readonly clock: Clock; readonly unpack: UnpackRecord },
): RecordStore {
  const database = openPostgres({ address, clock: options.clock, connections: 1 })
  const records = createPostgresRecords({ ...options, database, warn: () => undefined, writer: 'reader' })
  return {
    append: () => undefined,
    flush: () => records.flush(),
    list: (filter) => records.list(filter),
    get: (idOrPrefix) => records.get(idOrPrefix),
    scan: (filter) => records.scan(filter),
    prune: (beforeMs) => records.prune(beforeMs),
    async close() {
      await records.close()
      await database.close()
    },
  }
}
