import { openSqliteDatabase } from '../sqlite-database.ts'
import { inTransaction } from '../sqlite-transaction.ts'
import type { Clock } from '../../lib/clock.ts'
import type { ScorecardFile } from './scorecard-keeper.ts'

/** Schema of the saved scorecards, one SQL text a version. Counts are fractions where they carry scaled prior knowledge. */
export const SCORECARD_MIGRATIONS: readonly string[] = [
  `CREATE TABLE scorecards (
    target TEXT PRIMARY KEY,
    saved_at INTEGER NOT NULL,
    samples REAL NOT NULL,
    successes REAL NOT NULL,
    truncated REAL NOT NULL,
    demoted TEXT
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX scorecards_by_age ON scorecards (saved_at);`,
]

export interface SqliteScorecardsOptions {
  /** File path, or `:memory:`. The file may hold other parts of the state. */
  readonly path: string
  readonly clock: Pick<Clock, 'wall'>
}

/** Scorecards in an SQLite file. Throws `state_unavailable` or `state_incompatible`. */
export function openSqliteScorecards({ path, clock }: SqliteScorecardsOptions): ScorecardFile {
  const database = openSqliteDatabase({ path, domain: 'health', migrations: SCORECARD_MIGRATIONS, appliedAt: clock.wall() })
  const upsert = database.prepare(
    'INSERT OR REPLACE INTO scorecards (target, saved_at, samples, successes, truncated, demoted) VALUES (?, ?, ?, ?, ?, ?)',
  )
  const prune = database.prepare('DELETE FROM scorecards WHERE saved_at <= ?')
  return {
    load: () =>
      database
        .prepare('SELECT target, saved_at AS savedAt, samples, successes, truncated, demoted FROM scorecards ORDER BY saved_at')
        .all(),
    save(rows, staleAt) {
      inTransaction(database, () => {
        prune.run(Math.floor(staleAt))
        for (const { target, savedAt, samples, successes, truncated, demoted } of rows)
          upsert.run(target, Math.floor(savedAt), samples, successes, truncated, demoted ?? null)
      })
    },
    close() {
      if (database.isOpen) database.close()
    },
  }
}
