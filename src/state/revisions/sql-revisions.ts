import { GatewayError } from '../../errors/gateway-error.ts'
import { unavailable } from '../unavailable.ts'
import { listLimit } from '../list-limit.ts'
import { noSuchRevision, publicationOf, requireExpected, revisionOf, SUMMARY_COLUMNS, summaryOf } from './revision-row.ts'
import {
  MOST_REVISIONS,
  type KeptRevision,
  type Publication,
  type PublicationOrder,
  type RevisionBody,
  type RevisionFilter,
  type RevisionStore,
  type RevisionSummary,
} from './store.ts'

export type SqlRow = Readonly<Record<string, unknown>>
/** Runs one statement with `$1`, `$2` … for the values. */
export type SqlQuery = (text: string, values?: readonly (string | number | null)[]) => Promise<readonly SqlRow[]>

/** A database that holds revisions. */
export interface RevisionDatabase {
  readonly place: string
  readonly query: SqlQuery
  /** All of it or nothing, and one after the other: nobody else writes meanwhile. */
  exclusively<Result>(work: (query: SqlQuery) => Promise<Result>): Promise<Result>
  /** Tells other gateways that something was published. */
  announce(): void
  /** Hears of what others have published. */
  watch(listener: () => Promise<void>): void
  close(): Promise<void>
}

/** Revisions in a database that speaks SQL. */
export class SqlRevisions implements RevisionStore {
  readonly place: string
  readonly isKept = true
  private readonly database: RevisionDatabase
  private listener: (() => Promise<void>) | undefined

  constructor(database: RevisionDatabase) {
    this.database = database
    this.place = database.place
  }

  note(body: RevisionBody, at: number): Promise<number> {
    return this.asked(async ({ query }) => {
      const seen = await query(
        'UPDATE config_revisions SET last_at = CASE WHEN last_at < $1 THEN $1 ELSE last_at END WHERE digest = $2 RETURNING revision',
        [at, body.digest],
      )
      const [row] = seen.length > 0 ? seen : await query(INSERT, valuesOf(body, at))
      return Number(row?.['revision'])
    })
  }

  get(revision: number): Promise<KeptRevision | undefined> {
    return this.asked(async ({ query }) => {
      const [row] = await query('SELECT * FROM config_revisions WHERE revision = $1', [revision])
      return row === undefined ? undefined : revisionOf(row)
    })
  }

  list({ limit, before = Number.MAX_SAFE_INTEGER }: RevisionFilter = {}): Promise<readonly RevisionSummary[]> {
    const sql = `SELECT ${SUMMARY_COLUMNS} FROM config_revisions WHERE revision < $1 ORDER BY revision DESC LIMIT $2`
    return this.asked(async ({ query }) => (await query(sql, [before, listLimit(limit)])).map(summaryOf))
  }

  published(): Promise<Publication | undefined> {
    return this.asked(async ({ query }) => lastPublication(query))
  }

  publications({ limit }: Pick<RevisionFilter, 'limit'> = {}): Promise<readonly Publication[]> {
    const sql = 'SELECT * FROM config_publications ORDER BY sequence DESC LIMIT $1'
    return this.asked(async ({ query }) => (await query(sql, [listLimit(limit)])).map(publicationOf))
  }

  async publish(order: PublicationOrder): Promise<Publication> {
    const { revision, at, by, note } = order
    const made = await this.asked((database) =>
      database.exclusively(async (query) => {
        requireExpected(order, await lastPublication(query))
        if (revision !== undefined) {
          const [known] = await query('SELECT revision FROM config_revisions WHERE revision = $1', [revision])
          if (known === undefined) throw noSuchRevision(revision)
        }
        const [row] = await query(
          'INSERT INTO config_publications (published, at, ordered_by, note) VALUES ($1, $2, $3, $4) RETURNING *',
          [revision ?? null, at, by, note ?? null],
        )
        return publicationOf(row ?? {})
      }),
    )
    this.database.announce()
    // What fails here is done again when the database is looked at.
    void this.listener?.().catch(() => undefined)
    return made
  }

  watch(listener: () => Promise<void>): void {
    this.listener = listener
    this.database.watch(listener)
  }

  prune(beforeMs: number, inForce: number): Promise<number> {
    return this.asked((database) =>
      database.exclusively(async (query) => {
        const last = await lastPublication(query)
        const kept = [inForce, last?.revision ?? inForce]
        const deleted = await query(
          `DELETE FROM config_revisions WHERE revision NOT IN ($1, $2) AND (last_at < $3 OR revision NOT IN
             (SELECT revision FROM config_revisions ORDER BY revision DESC LIMIT $4)) RETURNING revision`,
          [...kept, Math.floor(beforeMs), MOST_REVISIONS],
        )
        await query('DELETE FROM config_publications WHERE sequence <> $1 AND at < $2', [
          last?.sequence ?? 0,
          Math.floor(beforeMs),
        ])
        return deleted.length
      }),
    )
  }

  close(): Promise<void> {
    return this.database.close()
  }

  private async asked<Result>(question: (database: RevisionDatabase) => Promise<Result>): Promise<Result> {
    try {
      return await question(this.database)
    } catch (cause) {
      if (cause instanceof GatewayError) throw cause
      throw unavailable(cause, (reason) => `The history of configurations in ${this.place} cannot be used: ${reason}`)
    }
  }
}

const INSERT = `INSERT INTO config_revisions
  (digest, source, version, whole, first_at, last_at, document, policy_files)
  VALUES ($1, $2, $3, $4, $5, $5, $6, $7)
  ON CONFLICT (digest) DO UPDATE SET last_at = excluded.last_at RETURNING revision`

const valuesOf = (body: RevisionBody, at: number): (string | number)[] => [
  body.digest,
  body.source,
  body.version,
  body.isWhole ? 1 : 0,
  Math.floor(at),
  body.document,
  JSON.stringify(body.policyFiles),
]

async function lastPublication(query: SqlQuery): Promise<Publication | undefined> {
  const [row] = await query('SELECT * FROM config_publications ORDER BY sequence DESC LIMIT 1')
  return row === undefined ? undefined : publicationOf(row)
}
