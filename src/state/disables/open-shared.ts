import type { Clock } from '../../lib/clock.ts'
import type { PostgresAddress } from '../postgres/address.schema.ts'
import { openPostgres } from '../postgres/postgres.ts'
import { createPostgresDisables } from './postgres.ts'
import type { DisableStore } from './store.ts'

/** The disables of all gateways on a database, for a command. Closing it lets go of the database. */
export async function openSharedDisables(address: PostgresAddress, clock: Clock): Promise<DisableStore> {
  const database = openPostgres({ address, clock, connections: 1 })
  const disables = createPostgresDisables({
    database,
    clock,
    coordination: { announce: () => undefined, listen: () => undefined },
  })
  try {
    await disables.load()
  } catch (error) {
    await disables.close()
    await database.close()
    throw error
  }
  return {
    get any() {
      return disables.any
    },
    model: (provider, model) => disables.model(provider, model),
    account: (provider, account) => disables.account(provider, account),
    disable: (order) => disables.disable(order),
    enable: (order) => disables.enable(order),
    list: () => disables.list(),
    changes: (limit) => disables.changes(limit),
    async close() {
      await disables.close()
      await database.close()
    },
  }
}
