import type { Clock } from '../../lib/clock.ts'
import { SHARED_DOMAINS } from '../shared-domains.ts'
import type { PostgresAddress } from './address.schema.ts'
import { domainVersions, requireKnown } from './migrate.ts'
import { openPostgres, type Postgres } from './postgres.ts'

export interface CommandDatabaseOptions {
  readonly address: PostgresAddress
  readonly clock: Clock
  /** The server refuses every change. */
  readonly readOnly?: boolean | undefined
}

/**
 * The database of gateways, for a command beside them. It makes no tables; before the first statement it throws `state_incompatible` when a
 * newer program has made some that this one cannot work with.
 */
export function openCommandDatabase({ address, clock, readOnly = false }: CommandDatabaseOptions): Postgres {
  const database = openPostgres({ address, clock, connections: 1, readOnly })
  let checked: Promise<void> | undefined
  const check = (): Promise<void> =>
    (checked ??= domainVersions(database.query, address.schema, SHARED_DOMAINS).then((found) => requireKnown(database, found)))
  return {
    name: database.name,
    async query(text, values) {
      await check()
      return database.query(text, values)
    },
    async transaction(work, deadlineMs) {
      await check()
      return database.transaction(work, deadlineMs)
    },
    close: () => database.close(),
  }
}
