import type { DatabaseSync } from 'node:sqlite'
import { openSqliteDatabase } from '../sqlite-database.ts'
import { inTransaction } from '../sqlite-transaction.ts'
import type { Clock } from '../../lib/clock.ts'
import type { PeriodCharge } from './period-charge.ts'
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
  `CREATE TABLE limit_charges (
    number INTEGER PRIMARY KEY,
    counter TEXT NOT NULL,
    period_start INTEGER NOT NULL,
    period_end INTEGER,
    amount INTEGER NOT NULL
  ) STRICT;`,
]

export interface SqlitePeriodsOptions {
  /** File path, or `:memory:`. The file may hold other parts of the state. */
  readonly path: string
  readonly clock: Pick<Clock, 'wall'>
}

/** Counters of budgets in an SQLite file. Throws `state_unavailable` or `state_incompatible`. */
export function openSqlitePeriods(options: SqlitePeriodsOptions): PeriodFile {
  const database = openLimits(options)
  const upsert = database.prepare(
    'INSERT OR REPLACE INTO limit_periods (counter, period_start, period_end, settled) VALUES (?, ?, ?, ?)',
  )
  const charges = database.prepare('SELECT number, counter, period_start, period_end, amount FROM limit_charges ORDER BY number')
  const drop = database.prepare('DELETE FROM limit_charges WHERE number = ?')
  const prune = database.prepare('DELETE FROM limit_periods WHERE period_end <= ?')
  return {
    load: () => database.prepare('SELECT counter, period_start, period_end, settled FROM limit_periods').all().map(toPeriod),
    charges: () =>
      charges.all().map((row) => ({ number: Number(row['number']), amount: Number(row['amount']), ...periodOf(row) })),
    save(periods, now, counted) {
      inTransaction(database, () => {
        prune.run(Math.floor(now))
        for (const { counter, start, end, settled } of periods) upsert.run(counter, start, end ?? null, settled)
        for (const number of counted) drop.run(number)
      })
    },
    close() {
      if (database.isOpen) database.close()
    },
  }
}

/** Notes what a command has spent: the gateway that has these counters counts it within 250 ms, or at its next start. */
export function chargeSqlitePeriods(options: SqlitePeriodsOptions, charges: readonly PeriodCharge[]): void {
  const database = openLimits(options)
  try {
    const insert = database.prepare('INSERT INTO limit_charges (counter, period_start, period_end, amount) VALUES (?, ?, ?, ?)')
    inTransaction(database, () => {
      for (const { counter, start, end, amount } of charges) insert.run(counter, start, end ?? null, amount)
    })
  } finally {
    database.close()
  }
}

const openLimits = ({ path, clock }: SqlitePeriodsOptions): DatabaseSync =>
  openSqliteDatabase({ path, domain: 'limits', migrations: LIMIT_MIGRATIONS, appliedAt: clock.wall() })

type Row = Readonly<Record<string, unknown>>

const toPeriod = (row: Row): SavedPeriod => ({ ...periodOf(row), settled: Number(row['settled']) })

const periodOf = (row: Row): Pick<SavedPeriod, 'counter' | 'start' | 'end'> => ({
  counter: String(row['counter']),
  start: Number(row['period_start']),
  end: row['period_end'] === null ? undefined : Number(row['period_end']),
})
