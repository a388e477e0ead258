import type { Clock } from '../../lib/clock.ts'
import type { PostgresAddress } from '../postgres/address.schema.ts'
import { openPostgres } from '../postgres/postgres.ts'
import { createPostgresTenancy } from './postgres.ts'
import type { TenancyStore } from './store.ts'

/** The tenancy of all gateways on a database, for a command. Closing it lets go of the database. */
export function openSharedTenancy(address: PostgresAddress, clock: Clock): TenancyStore {
  const database = openPostgres({ address, clock, connections: 1 })
  const tenancy = createPostgresTenancy({
    database,
    clock,
    coordination: { announce: () => undefined, listen: () => undefined },
  })
  return {
    get: (kind, id) => tenancy.get(kind, id),
    list: (kind, filter) => tenancy.list(kind, filter),
    insert: (entity) => tenancy.insert(entity),
    replace: (entity) => tenancy.replace(entity),
    pages: (kind) => tenancy.pages(kind),
    watch: (listener) => tenancy.watch(listener),
    async close() {
      await tenancy.close()
      await database.close()
    },
  }
}
