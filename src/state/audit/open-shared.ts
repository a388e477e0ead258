import type { Clock } from '../../lib/clock.ts'
import type { PostgresAddress } from '../postgres/address.schema.ts'
import { openPostgres } from '../postgres/postgres.ts'
import { createPostgresAudit } from './postgres.ts'
import type { AuditStore } from './store.ts'

/** The audit of all gateways on a database, for a command. Closing it lets go of the database. */
export function openSharedAudit(address: PostgresAddress, clock: Clock): AuditStore {
  const database = openPostgres({ address, clock, connections: 1 })
  const audit = createPostgresAudit(database)
  return {
    append: (entry) => audit.append(entry),
    list: (filter) => audit.list(filter),
    prune: (beforeMs) => audit.prune(beforeMs),
    async close() {
      await audit.close()
      await database.close()
    },
  }
}
