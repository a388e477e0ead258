import type { Clock } from '../../lib/clock.ts'
import { createNoCoordination } from '../coordination/none.ts'
import type { Coordination } from '../coordination/store.ts'
import type { PostgresAddress } from './address.schema.ts'
import { openCommandDatabase } from './open-command-database.ts'
import type { Postgres } from './postgres.ts'

/** The database of gateways, for a command: it tells them nothing, they find out by themselves what it changes. */
export function openPostgresForCommand(
  address: PostgresAddress,
  clock: Clock,
): { readonly database: Postgres; readonly clock: Clock; readonly coordination: Coordination } {
  const card = { id: 'command', host: '', pid: process.pid, started: '', version: '', configHash: '' }
  return { database: openCommandDatabase({ address, clock }), clock, coordination: createNoCoordination(card) }
}
