import { systemClock } from '../../src/lib/clock.ts'
import { createRedisCoordination } from '../../src/state/coordination/redis.ts'
import type { Coordination } from '../../src/state/coordination/store.ts'
import { postgresAddressOf } from '../../src/state/postgres/address.schema.ts'
import { migratePostgres, type PostgresDomain } from '../../src/state/postgres/migrate.ts'
import { openPostgres, type Postgres } from '../../src/state/postgres/postgres.ts'
import { redisAddressOf } from '../../src/state/redis/address.schema.ts'
import { openRedis } from '../../src/state/redis/redis.ts'
import type { TestPostgres } from './postgres-server.ts'
import type { TestRedis } from './redis-server.ts'

let schemas = 0
/** A name that no other test of this process takes. */
export const freshName = (what: string): string => `${what}_${process.pid}_${(schemas += 1)}`

/** A database whose tables are made by its first use, in a schema of its own. */
export function freshDatabase(server: TestPostgres, domains: readonly PostgresDomain[], schema = freshName('state')): Postgres {
  const database = openPostgres({ address: postgresAddressOf(server.url(`?schema=${schema}`)), clock: systemClock })
  const ready = migratePostgres(database, { schema, domains })
  // A test that ends before it used the database has no interest in it.
  ready.catch(() => undefined)
  return {
    name: database.name,
    query: async (text, values) => {
      await ready
      return database.query(text, values)
    },
    transaction: async (work, deadlineMs) => {
      await ready
      return database.transaction(work, deadlineMs)
    },
    close: () => database.close(),
  }
}

/** A replica that has joined the others under a prefix. */
export async function joinReplica(server: TestRedis, prefix: string, id = freshName('replica')): Promise<Coordination> {
  const coordination = createRedisCoordination({
    redis: openRedis({ address: redisAddressOf(server.url(`?prefix=${prefix}`)), clock: systemClock }),
    card: { id, host: 'test', pid: process.pid, started: new Date().toISOString(), version: '0', configHash: 'same' },
    clock: systemClock,
    warn: () => undefined,
  })
  await coordination.join()
  return coordination
}
