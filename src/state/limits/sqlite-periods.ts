import { openSqliteDatabase } from '../sqlite-database.ts'
import { inTransaction } from '../sqlite-transaction.ts'
import type { Clock } from '../../lib/clock.ts'
import type { PeriodFile } from './period-keeper.ts'
import type { SavedPeriod } from './store.ts'

/** Schema of the kept counters, one SQL text a version. Money is in nano-dollars. */
export const LIMIT_MIGRATIONS: readonly string[] = [
  `CREATE TABLE limit_periods (
    counter TEXT PRIMARY KEY,
    period_start INTEGER NOT NULL,
    period_end INTEGER,
    settled INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;`,
]

export interface SqlitePeriodsOptions {
  /** File path, or `:memory:`. The file may hold other parts of the state. */
  readonly path: string
  readonly clock: Pick<Clock, 'wall'>
}

/** Counters of budgets in an SQLite file. Throws `state_unavailable` or `state_incompatible`. */
export function openSqlitePeriods({ path, clock }: SqlitePeriodsOptions): PeriodFile {
  const database = openSqliteDatabase({ path, domain: 'limits', migrations: LIMIT_MIGRATIONS, appliedAt: clock.wall() })
  const upsert = database.prepare(
    'INSERT OR REPLACE INTO limit_periods (counter, period_start, period_end, settled) VALUES (?, ?, ?, ?)',
  )
  const prune = database.prepare('DELETE FROM limit_periods WHERE period_end <= ?')
  return {
    load: () => database.prepare('SELECT counter, period_start, period_end, settled FROM limit_periods').all().map(toPeriod),
    save(periods, now) {
      inTransaction(database, () => {
        prune.run(Math.floor(now))
        for (const { counter, start, end, settled } of periods) upsert.run(counter, start, end ?? null, settled)
      })
    },
    close() {
      if (database.isOpen) database.close()
    },
  }
}

const toPeriod = (row: Readonly<Record<string, unknown>>): SavedPeriod => ({
  counter: String(row['counter']),
  start: Number(row['period_start']),
  end: row['period_end'] === null ? undefined : Number(row['period_end']),
  settled: Number(row['settled']),
})
