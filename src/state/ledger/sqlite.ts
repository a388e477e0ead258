import type { DatabaseSync } from 'node:sqlite'
import type { LedgerEntry } from '../../ir/settlement.ts'
import type { Clock } from '../../lib/clock.ts'
import { openSqliteDatabase } from '../sqlite-database.ts'
import { measuresOf, namedMeasures, noMeasures } from './measures.ts'
import { LEDGER_MIGRATIONS } from './migrations.ts'
import { pagesOf, readEntries, settledOf } from './sqlite-entries.ts'
import { readRollups } from './sqlite-rollups.ts'
import { LedgerWrites } from './sqlite-writes.ts'
import type {
  EntryFilter,
  EntryPage,
  LedgerProof,
  LedgerStore,
  RollupQuery,
  RollupRow,
  SettledAttempt,
  WriteOutcome,
} from './store.ts'
import { dayOf, hourOf } from './time-range.ts'

/** Rows deleted in one transaction: takes about 5 ms. */
const PRUNED_TOGETHER = 1_000

export interface SqliteLedgerOptions {
  /** File path, or `:memory:`. The file may hold other parts of the state. */
  readonly path: string
  readonly clock: Pick<Clock, 'wall'>
  /** Entries are on the disk, not just on their way to it, when a write resolves. */
  readonly required?: boolean | undefined
  /** For looking into the files of another process. */
  readonly readOnly?: boolean | undefined
}

/** The ledger in an SQLite file. Throws `state_unavailable` or `state_incompatible`. */
export function openSqliteLedger(options: SqliteLedgerOptions): LedgerStore {
  const { path, clock, readOnly } = options
  const database = openSqliteDatabase({
    path,
    domain: 'ledger',
    migrations: LEDGER_MIGRATIONS,
    appliedAt: clock.wall(),
    readOnly,
  })
  if (options.required === true) database.exec('PRAGMA synchronous = FULL')
  return new SqliteLedger(database)
}

class SqliteLedger implements LedgerStore {
  readonly #database: DatabaseSync
  readonly #writes: LedgerWrites

  constructor(database: DatabaseSync) {
    this.#database = database
    this.#writes = new LedgerWrites(database)
  }

  async write(entries: readonly LedgerEntry[]): Promise<WriteOutcome> {
    return this.#writes.write(entries)
  }

  rollups(query: RollupQuery): Promise<RollupRow[]> {
    return readRollups(this.#database, query)
  }

  async entries(filter: EntryFilter): Promise<EntryPage> {
    return readEntries(this.#database, filter)
  }

  settled(filter: Omit<EntryFilter, 'limit' | 'cursor'>): AsyncIterable<SettledAttempt> {
    return settledOf(this.#database, filter)
  }

  async prove(range: { readonly since: number; readonly until: number }): Promise<LedgerProof> {
    const [since, until] = [hourOf(range.since), hourOf(range.until)]
    const sums = noMeasures()
    for await (const entries of pagesOf(this.#database, { since, until })) {
      for (const entry of entries) {
        const counts = measuresOf(entry)
        for (let index = 0; index < sums.length; index++) sums[index]! += BigInt(counts[index] ?? 0)
      }
    }
    const [total] = await this.rollups({ since, until, groupBy: [], filter: {} })
    return { entries: namedMeasures(sums), rollups: total?.sums ?? namedMeasures([]) }
  }

  async prune(before: { readonly entries?: number | undefined; readonly rollups?: number | undefined }): Promise<number> {
    let deleted = 0
    if (before.entries !== undefined)
      deleted += await this.#pruneTable('ledger_entries', 'sequence', 'at < ? ORDER BY at', before.entries)
    if (before.rollups === undefined) return deleted
    const day = dayOf(before.rollups)
    for (const hours of [1, 24])
      deleted += await this.#pruneTable(
        'ledger_rollups',
        'hours, start, party',
        `hours = ${hours} AND start < ? ORDER BY start`,
        day,
      )
    deleted += await this.#pruneTable('ledger_sessions', 'session, party', 'last_hour < ? ORDER BY last_hour', day)
    // Names that nothing refers to any more.
    const unused = Math.min(day, dayOf(before.entries ?? 0))
    const parties = await this.#pruneTable('ledger_parties', 'party', 'used_hour < ? ORDER BY used_hour', unused)
    if (parties > 0) this.#writes.forgetParties()
    return deleted
  }

  async close(): Promise<void> {
    if (this.#database.isOpen) this.#database.close()
  }

  async #pruneTable(table: string, key: string, oldest: string, before: number): Promise<number> {
    let deleted = 0
    while (this.#database.isOpen) {
      const { changes } = this.#database
        .prepare(`DELETE FROM ${table} WHERE (${key}) IN (SELECT ${key} FROM ${table} WHERE ${oldest} LIMIT ${PRUNED_TOGETHER})`)
        .run(Math.floor(before))
      deleted += Number(changes)
      if (changes < PRUNED_TOGETHER) break
      await new Promise((resolve) => setImmediate(resolve))
    }
    return deleted
  }
}
