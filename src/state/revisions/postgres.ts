import { storableText } from '../postgres/storable-text.ts'
import type { Postgres, PostgresQuery } from '../postgres/postgres.ts'
import { TableWatch, type TableWatchOptions } from '../postgres/table-watch.ts'
import { type SqlQuery, SqlRevisions } from './sql-revisions.ts'
import type { RevisionStore } from './store.ts'

/** What a command has published is found by every gateway, and taken over, within a second. */
const LOOK_EVERY_MS = 500

export interface PostgresRevisionsOptions extends Pick<TableWatchOptions, 'clock' | 'coordination'> {
  /** With the schema of `POSTGRES_REVISIONS`; stays open when the store is closed. */
  readonly database: Postgres
}

/** Revisions in PostgreSQL, for all replicas. */
export function createPostgresRevisions({ database, clock, coordination }: PostgresRevisionsOptions): RevisionStore {
  const watch = new TableWatch({
    database,
    clock,
    coordination,
    table: 'config_publications',
    mark: 'max(sequence)',
    everyMs: LOOK_EVERY_MS,
  })
  return new SqlRevisions({
    place: `the ${database.name}`,
    query: storing(database.query),
    exclusively: (work) =>
      database.transaction(async (query) => {
        await query('LOCK TABLE config_publications IN SHARE ROW EXCLUSIVE MODE')
        return work(storing(query))
      }),
    announce: () => watch.announce(),
    watch: (listener) => watch.watch(listener),
    close: () => watch.close(),
  })
}

const storing =
  (query: PostgresQuery): SqlQuery =>
  (text, values = []) =>
    query(
      text,
      values.map((value) => (typeof value === 'string' ? storableText(value) : value)),
    )
