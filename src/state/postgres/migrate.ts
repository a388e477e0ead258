import { GatewayError } from '../../errors/gateway-error.ts'
import type { Postgres, PostgresQuery } from './postgres.ts'

/** One step of a schema. */
export interface PostgresMigration {
  /** Statements, separated by semicolons. Never edited once released. */
  readonly sql: string
  /**
   * The oldest version of this part of the schema whose program can still work with the result. At most one below the step's own number,
   * so that replicas of this release and of the one before serve side by side while they are exchanged.
   */
  readonly worksWith: number
}

/** A part of the schema with its own numbering. */
export interface PostgresDomain {
  readonly name: string
  readonly migrations: readonly PostgresMigration[]
}

export interface DomainVersion {
  readonly domain: string
  /** Steps applied; 0 for none. */
  readonly found: number
  /** Steps this program knows. */
  readonly known: number
  /** Oldest version whose program can work with what is there. */
  readonly worksWith: number
}

/** Any number will do, as long as nobody else takes it. */
const LOCK = 0x53_77_69_74
/** Waiting for another replica that migrates is included. */
const MIGRATION_MS = 60_000

/**
 * Brings the schema to the newest version this program knows. Any number of replicas may do so at once: one does it, the others wait. A
 * schema that is newer is left as it is when this program can work with it, and refused with `state_incompatible` when it cannot.
 */
export async function migratePostgres(
  database: Postgres,
  { schema, domains }: { readonly schema: string; readonly domains: readonly PostgresDomain[] },
): Promise<readonly DomainVersion[]> {
  const current = await domainVersions(database.query, schema, domains)
  requireKnown(database, current)
  if (current.every(({ found, known }) => found >= known)) return current
  return database.transaction(async (query) => {
    await query('SELECT pg_advisory_xact_lock($1)', [LOCK])
    await query(`CREATE SCHEMA IF NOT EXISTS ${schema}`)
    await query(
      `CREATE TABLE IF NOT EXISTS ${schema}.schema_version (domain text NOT NULL, version integer NOT NULL, works_with integer NOT NULL,
       applied_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (domain, version))`,
    )
    const before = await domainVersions(query, schema, domains)
    requireKnown(database, before)
    for (const { name, migrations } of domains) {
      const found = before.find(({ domain }) => domain === name)?.found ?? 0
      for (const [index, { sql, worksWith }] of migrations.entries()) {
        if (index < found) continue
        for (const statement of sql.split(';')) if (statement.trim() !== '') await query(statement)
        await query('INSERT INTO schema_version (domain, version, works_with) VALUES ($1, $2, $3)', [name, index + 1, worksWith])
      }
    }
    return domainVersions(query, schema, domains)
  }, MIGRATION_MS)
}

/** Which versions are there; changes nothing. */
export async function domainVersions(
  query: PostgresQuery,
  schema: string,
  domains: readonly PostgresDomain[],
): Promise<readonly DomainVersion[]> {
  const [table] = await query('SELECT to_regclass($1)::text AS name', [`${schema}.schema_version`])
  const rows =
    typeof table?.['name'] !== 'string' ? [] : await query(`SELECT domain, version, works_with FROM ${schema}.schema_version`)
  return domains.map(({ name, migrations }) => {
    const own = rows.filter(({ domain }) => domain === name)
    const newest = own.reduce((high, row) => (Number(row['version']) > Number(high['version']) ? row : high), {
      version: 0,
      works_with: 0,
    } as (typeof rows)[number])
    return { domain: name, found: Number(newest['version']), known: migrations.length, worksWith: Number(newest['works_with']) }
  })
}

/** Throws `state_incompatible` when a part is of a newer version that does not work with this program. */
export function requireKnown(database: Pick<Postgres, 'name'>, versions: readonly DomainVersion[]): void {
  const strange = versions.find(({ found, known, worksWith }) => found > known && known < worksWith)
  if (strange === undefined) return
  throw new GatewayError(
    'state_incompatible',
    `The ${database.name} belongs to a newer Switchback (${strange.domain} schema ${strange.found}, which works from ${strange.worksWith} on; this one knows ${strange.known}). ` +
      'Run that version or a later one, or name another database or ?schema= in state.store.',
  )
}
