import { domainVersions, migratePostgres, type DomainVersion } from '../../state/postgres/migrate.ts'
import { openPostgres } from '../../state/postgres/postgres.ts'
import { SHARED_DOMAINS } from '../../state/shared-domains.ts'
import { listWords } from '../story-words.ts'
import { lookAtServers, MOST_AHEAD_MS, type SharedPlace } from './look-at-servers.ts'

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

/** Looks whether both servers can be used, and of which version the schema is. Changes nothing. */
export async function checkSharedState(place: SharedPlace): Promise<SharedStateCheck> {
  const { database, coordination } = await lookAtServers(place)
  const schemas = database.versions.map(domainStateOf)
  const servers = [database, ...(coordination === undefined ? [] : [coordination])]
  const problems = [
    ...servers.flatMap(({ fault }) => fault ?? []),
    ...schemaProblems(schemas, database.name),
    ...servers.flatMap(({ name, aheadMs }) =>
      aheadMs === undefined || Math.abs(aheadMs) <= MOST_AHEAD_MS
        ? []
        : `The clock of the ${name} differs from this machine's by ${aheadMs} ms. Let both follow the same time server.`,
    ),
  ]
  return {
    ok: problems.length === 0,
    database: database.name,
    coordination: coordination?.name,
    schemas,
    database_ahead_ms: database.aheadMs,
    coordination_ahead_ms: coordination?.aheadMs,
    problems,
  }
}

/** What is to be done about parts of the schema, a line for each kind of it. */
function schemaProblems(schemas: readonly DomainState[], database: string): string[] {
  const parts = (wanted: DomainState['state']): string =>
    listWords(schemas.filter(({ state }) => state === wanted).map(({ part }) => part))
  const [missing, older, refused] = [parts('missing'), parts('older'), parts('refused')]
  const isEmpty = schemas.length > 0 && schemas.every(({ state }) => state === 'missing')
  return [
    ...(isEmpty
      ? [`The ${database} holds no state of Switchback yet. Run switchback state migrate, or start a gateway on it.`]
      : []),
    ...(isEmpty || missing === '' ? [] : [`The schema of ${missing} is missing. Run switchback state migrate.`]),
    ...(older === '' ? [] : [`The schema of ${older} is older. Run switchback state migrate.`]),
    ...(refused === '' ? [] : [`The schema of ${refused} belongs to a newer Switchback. Run that version or a later one.`]),
  ]
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
    return { database: database.name, before: before.map(domainStateOf), after: after.map(domainStateOf) }
  } finally {
    await database.close()
  }
}

/** How a part of the schema that is there goes with this program. */
export function domainStateOf({ domain, found, known, worksWith }: DomainVersion): DomainState {
  const isRefused = found > known && known < worksWith
  const state = found === 0 ? 'missing' : isRefused ? 'refused' : found === known ? 'current' : found < known ? 'older' : 'newer'
  return { part: domain, version: found, known, state }
}
