import type { Clock } from '../../lib/clock.ts'
import { openSqliteDatabase } from '../sqlite-database.ts'
import { REVISION_MIGRATIONS } from './migrations.ts'
import { type SqlQuery, SqlRevisions } from './sql-revisions.ts'
import type { RevisionStore } from './store.ts'

export interface SqliteRevisionsOptions {
  /** File path, or `:memory:`. The file may hold other parts of the state. */
  readonly path: string
  readonly clock: Pick<Clock, 'wall'>
  /** For reading beside a gateway that runs. */
  readonly readOnly?: boolean | undefined
}

/**
 * Revisions in an SQLite file, which belongs to one gateway: it hears of what is published through it. Throws `state_unavailable` or
 * `state_incompatible`.
 */
export function openSqliteRevisions({ path, clock, readOnly = false }: SqliteRevisionsOptions): RevisionStore {
  const database = openSqliteDatabase({
    path,
    domain: 'revisions',
    migrations: REVISION_MIGRATIONS,
    appliedAt: clock.wall(),
    readOnly,
  })
  // What was published is on the disk, not just on its way to it, when whoever published it is told.
  if (!readOnly) database.exec('PRAGMA synchronous = FULL')
  const query: SqlQuery = async (text, values = []) => database.prepare(text.replaceAll('$', '?')).all(...values)
  let busy: Promise<unknown> = Promise.resolve()
  return new SqlRevisions({
    place: path,
    query,
    exclusively(work) {
      const done = busy.then(async () => {
        database.exec('BEGIN IMMEDIATE')
        try {
          const result = await work(query)
          database.exec('COMMIT')
          return result
        } catch (error) {
          if (database.isOpen && database.isTransaction) database.exec('ROLLBACK')
          throw error
        }
      })
      busy = done.catch(() => undefined) // whoever asked is told
      return done
    },
    // Nobody else uses the file.
    announce: () => undefined,
    watch: () => undefined,
    async close() {
      if (database.isOpen) database.close()
    },
  })
}
