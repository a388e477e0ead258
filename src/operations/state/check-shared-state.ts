import { GatewayError } from '../../errors/gateway-error.ts'
import type { Clock } from '../../lib/clock.ts'
import { domainVersions, migratePostgres, type DomainVersion } from '../../state/postgres/migrate.ts'
import { openPostgres } from '../../state/postgres/postgres.ts'
import { openRedis } from '../../state/redis/redis.ts'
import { SHARED_DOMAINS } from '../../state/shared-domains.ts'
import type { SharedStateSettings } from '../../state/state.schema.ts'

export interface SharedPlace {
  readonly shared: SharedStateSettings
  readonly clock: Clock
}

/** A part of the schema. `older` is brought up by the next start, `newer` is there already and can be worked with. */
export interface DomainState {
  readonly part: string
  readonly version: number
  readonly known: number
  readonly state: 'current' | 'older' | 'newer' | 'missing' | 'refused'
}

export interface SharedStateCheck {
  readonly ok: boolean
  readonly database: string
  readonly coordination?: string | undefined
  readonly schemas: readonly DomainState[]
  /** How far the clocks of the servers are ahead of this machine's, in ms. */
  readonly database_ahead_ms?: number | undefined
  readonly coordination_ahead_ms?: number | undefined
  /** What is wrong, in words that say what to do. */
  readonly problems: readonly string[]
}

/** Clocks that differ more make disables end, and windows of limits begin, at different times in different places. */
const MOST_AHEAD_MS = 1_000

/** Looks whether both servers can be used, and of which version the schema is. Changes nothing. */
export async function checkSharedState({ shared, clock }: SharedPlace): Promise<SharedStateCheck> {
  const problems: string[] = []
  const database = openPostgres({ address: shared.postgres, clock, connections: 1 })
  const redis = shared.redis === undefined ? undefined : openRedis({ address: shared.redis, clock })
  const attempt = async <Result>(work: () => Promise<Result>): Promise<Result | undefined> => {
    try {
      return await work()
    } catch (error) {
      problems.push(error instanceof GatewayError ? error.message : String(error))
      return undefined
    }
  }
  try {
    const versions = await attempt(() => domainVersions(database.query, shared.postgres.schema, SHARED_DOMAINS))
    const schemas = (versions ?? []).map(stateOf)
    for (const { part, state } of schemas) {
      if (state === 'missing' || state === 'older')
        problems.push(`The schema of ${part} is ${state}. Run switchback state migrate.`)
      if (state === 'refused')
        problems.push(`The schema of ${part} belongs to a newer Switchback. Run that version or a later one.`)
    }
    const databaseAhead = await attempt(async () => {
      const [row] = await database.query('SELECT extract(epoch FROM clock_timestamp()) * 1000 AS now')
      return Math.round(Number(row?.['now']) - clock.wall())
    })
    const redisAhead = redis === undefined ? undefined : await attempt(() => redisAheadMs(redis, clock))
    for (const [what, ahead] of [
      [database.name, databaseAhead],
      [redis?.name ?? '', redisAhead],
    ] as const)
      if (ahead !== undefined && Math.abs(ahead) > MOST_AHEAD_MS)
        problems.push(
          `The clock of the ${what} differs from this machine's by ${ahead} ms. Let both follow the same time server.`,
        )
    return {
      ok: problems.length === 0,
      database: database.name,
      coordination: redis?.name,
      schemas,
      database_ahead_ms: databaseAhead,
      coordination_ahead_ms: redisAhead,
      problems,
    }
  } finally {
    redis?.close()
    await database.close()
  }
}

/** Brings the schema to the newest version. Gateways may run meanwhile. Throws `state_unavailable` or `state_incompatible`. */
export async function migrateSharedState({ shared, clock }: SharedPlace): Promise<{
  readonly database: string
  readonly before: readonly DomainState[]
  readonly after: readonly DomainState[]
}> {
  const { schema } = shared.postgres
  const database = openPostgres({ address: shared.postgres, clock, connections: 1 })
  try {
    const before = await domainVersions(database.query, schema, SHARED_DOMAINS)
    const after = await migratePostgres(database, { schema, domains: SHARED_DOMAINS })
    return { database: database.name, before: before.map(stateOf), after: after.map(stateOf) }
  } finally {
    await database.close()
  }
}

async function redisAheadMs(redis: ReturnType<typeof openRedis>, clock: Clock): Promise<number> {
  const time = await redis.send('TIME', [])
  const [seconds, micros] = Array.isArray(time) ? time.map(Number) : []
  return Math.round((seconds ?? 0) * 1_000 + (micros ?? 0) / 1_000 - clock.wall())
}

function stateOf({ domain, found, known, worksWith }: DomainVersion): DomainState {
  const isRefused = found > known && known < worksWith
  const state = found === 0 ? 'missing' : isRefused ? 'refused' : found === known ? 'current' : found < known ? 'older' : 'newer'
  return { part: domain, version: found, known, state }
}
