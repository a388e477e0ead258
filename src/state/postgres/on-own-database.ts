import type { Clock } from '../../lib/clock.ts'
import type { PostgresAddress } from './address.schema.ts'
import { openCommandDatabase } from './open-command-database.ts'
import type { Postgres } from './postgres.ts'

/** A store on a connection of its own, for a command. Closing it lets go of the database, too. With `readOnly` the server refuses every change. */
export function onOwnDatabase<Store extends { close(): Promise<void> }>(
  address: PostgresAddress,
  clock: Clock,
  create: (database: Postgres) => Store,
  { readOnly = false }: { readonly readOnly?: boolean } = {},
): Store {
  const database = openCommandDatabase({ address, clock, readOnly })
  const store = create(database)
  const close = store.close.bind(store)
  return Object.assign(store, {
    async close(): Promise<void> {
      await close()
      await database.close()
    },
  })
}
