import { ChangeWatch } from '../../lib/change-watch.ts'
import type { Clock } from '../../lib/clock.ts'
import { InTurn } from '../../lib/in-turn.ts'
import { openSqliteDatabase } from '../sqlite-database.ts'
import { REVISION_MIGRATIONS } from './migrations.ts'
import { type SqlQuery, SqlRevisions } from './sql-revisions.ts'
import type { RevisionStore } from './store.ts'

/** What a command has published is found, and taken over, within a second. */
const LOOK_EVERY_MS = 500

export interface SqliteRevisionsOptions {
  /** File path, or `:memory:`. The file may hold other parts of the state. */
  readonly path: string
  readonly clock: Pick<Clock, 'wall' | 'every'>
  /** For reading beside a gateway that runs. */
  readonly readOnly?: boolean | undefined
}

/**
 * Revisions in an SQLite file, which belongs to one gateway; commands may publish beside it. Throws `state_unavailable` or `state_incompatible`.
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
  const turns = new InTurn()
  const mark = (): string =>
    String(database.prepare('SELECT coalesce(max(sequence), 0) AS mark FROM config_publications').get()?.['mark'])
  const changes = new ChangeWatch({ mark, everyMs: LOOK_EVERY_MS, clock })
  return new SqlRevisions({
    place: path,
    query,
    exclusively: (work) =>
      turns.run(async () => {
        database.exec('BEGIN IMMEDIATE')
        try {
          const result = await work(query)
          database.exec('COMMIT')
          return result
        } catch (error) {
          if (database.isOpen && database.isTransaction) database.exec('ROLLBACK')
          throw error
        }
      }),
    // The file has one gateway.
    announce: () => undefined,
    watch: (listener) => changes.watch(listener),
    async close() {
      await changes.close()
      if (database.isOpen) database.close()
    },
  })
}
