import { GatewayError } from '../../errors/gateway-error.ts'
import type { Clock } from '../../lib/clock.ts'
import { domainVersions, type DomainVersion } from '../../state/postgres/migrate.ts'
import { openPostgres, type Postgres } from '../../state/postgres/postgres.ts'
import { openRedis, type Redis } from '../../state/redis/redis.ts'
import { SHARED_DOMAINS } from '../../state/shared-domains.ts'
import type { SharedStateSettings } from '../../state/state.schema.ts'

/** Clocks that differ more make disables end, and windows of limits begin, at different times in different places. */
export const MOST_AHEAD_MS = 2_000

export interface SharedPlace {
  readonly shared: SharedStateSettings
  readonly clock: Clock
}

/** What can be seen of a server without changing anything. Fields are undefined where they could not be read. */
export interface ServerLook {
  /** Kind, host and port, for messages. */
  readonly name: string
  /** Why it cannot be used, in words that say what to do. */
  readonly fault?: string | undefined
  readonly version?: string | undefined
  /** Milliseconds for a question and its answer, the fastest of three. */
  readonly roundTripMs?: number | undefined
  /** How far its clock is ahead of this machine's, in ms. */
  readonly aheadMs?: number | undefined
}

export interface DatabaseLook extends ServerLook {
  /** Of every part of the schema; none when they could not be read. */
  readonly versions: readonly DomainVersion[]
}

export interface CoordinationLook extends ServerLook {
  /** What it says of itself under `INFO`; empty where this user may not ask. */
  readonly info: Readonly<Record<string, string>>
}

export interface ServersLook {
  readonly database: DatabaseLook
  /** Undefined where the configuration names none. */
  readonly coordination: CoordinationLook | undefined
}

/** Looks at the servers of a shared state, both at once. Never rejects. */
export async function lookAtServers(place: SharedPlace): Promise<ServersLook> {
  const [database, coordination] = await Promise.all([lookAtDatabase(place), lookAtCoordination(place)])
  return { database, coordination }
}

async function lookAtDatabase({ shared: { postgres }, clock }: SharedPlace): Promise<DatabaseLook> {
  let database: Postgres | undefined
  try {
    database = openPostgres({ address: postgres, clock, connections: 1, readOnly: true })
    const { name, query } = database
    const versions = await domainVersions(query, postgres.schema, SHARED_DOMAINS)
    const [server] = await query('SHOW server_version')
    const time = await timed(clock, async () => {
      const [row] = await query('SELECT extract(epoch FROM clock_timestamp()) * 1000 AS now')
      return Number(row?.['now'])
    })
    return { name, versions, version: String(server?.['server_version']), ...time }
  } catch (error) {
    return { name: database?.name ?? 'PostgreSQL database', versions: [], fault: faultOf(error) }
  } finally {
    await database?.close()
  }
}

async function lookAtCoordination({ shared, clock }: SharedPlace): Promise<CoordinationLook | undefined> {
  if (shared.redis === undefined) return undefined
  let redis: Redis | undefined
  try {
    const server = openRedis({ address: shared.redis, clock })
    redis = server
    await server.send('PING', [])
    const info = await infoOf(server)
    const time = await timed(clock, async () => {
      const answer = await server.send('TIME', [])
      const [seconds, micros] = Array.isArray(answer) ? answer.map(Number) : []
      return (seconds ?? 0) * 1_000 + (micros ?? 0) / 1_000
    })
    return { name: server.name, info, version: info['redis_version'], ...time }
  } catch (error) {
    return { name: redis?.name ?? 'Redis', info: {}, fault: faultOf(error) }
  } finally {
    redis?.close()
  }
}

/** Its lines of `name:value`. A user that may do everything a gateway needs may still not ask for them. */
async function infoOf(redis: Redis): Promise<Readonly<Record<string, string>>> {
  const text = await redis.send('INFO', []).catch(() => '')
  const lines = String(text).split('\r\n')
  return Object.fromEntries(lines.filter((line) => line.includes(':')).map((line) => splitAt(line, line.indexOf(':'))))
}

const splitAt = (line: string, colon: number): [string, string] => [line.slice(0, colon), line.slice(colon + 1)]

/** `ask` resolves with the time of the server, Unix ms: it is taken to be that of the middle of the way. */
async function timed(clock: Clock, ask: () => Promise<number>): Promise<{ roundTripMs: number; aheadMs: number }> {
  let best: { roundTripMs: number; aheadMs: number } | undefined
  for (let time = 0; time < 3; time++) {
    const [begun, wall] = [clock.now(), clock.wall()]
    const server = await ask()
    const roundTripMs = clock.now() - begun
    if (best === undefined || roundTripMs < best.roundTripMs)
      best = { roundTripMs, aheadMs: Math.round(server - wall - roundTripMs / 2) }
  }
  return best!
}

const faultOf = (error: unknown): string => (error instanceof GatewayError ? error.message : String(error))
