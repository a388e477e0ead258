import type { LedgerEntry } from '../../ir/settlement.ts'
import type { Postgres } from '../postgres/postgres.ts'
import { pagesOf, readEntries, settledOf } from './postgres-entries.ts'
import { readRollups } from './postgres-rollups.ts'
import { writeEntries } from './postgres-writes.ts'
import { prove } from './prove.ts'
import type {
  EntryFilter,
  EntryPage,
  LedgerProof,
  LedgerStore,
  PruneBefore,
  RollupQuery,
  RollupRow,
  SettledAttempt,
  TimeRange,
  WriteOutcome,
} from './store.ts'
import { dayOf } from './time-range.ts'

const PRUNED_TOGETHER = 1_000
/** A report over a year of a large team reads millions of sums. */
const REPORT_MS = 30_000

export interface PostgresLedgerOptions {
  /** With the schema of `POSTGRES_LEDGER`; stays open when the ledger is closed. */
  readonly database: Postgres
  /** Entries are on the server's disk when a write resolves, whatever the server does otherwise. */
  readonly required: boolean
}

/** The ledger in PostgreSQL, of all replicas. */
export function createPostgresLedger(options: PostgresLedgerOptions): LedgerStore {
  return new PostgresLedger(options)
}

class PostgresLedger implements LedgerStore {
  readonly #database: Postgres
  readonly #required: boolean

  constructor({ database, required }: PostgresLedgerOptions) {
    this.#database = database
    this.#required = required
  }

  async write(entries: readonly LedgerEntry[]): Promise<WriteOutcome> {
    if (entries.length === 0) return { written: 0, duplicates: 0 }
    return this.#database.transaction(async (query) => {
      if (this.#required) await query('SET LOCAL synchronous_commit = on')
      return writeEntries(query, entries)
    })
  }

  rollups(wanted: RollupQuery): Promise<RollupRow[]> {
    return this.#database.transaction((query) => readRollups(query, wanted), REPORT_MS)
  }

  entries(filter: EntryFilter): Promise<EntryPage> {
    return readEntries(this.#database.query, filter)
  }

  settled(filter: Omit<EntryFilter, 'limit' | 'cursor'>): AsyncIterable<SettledAttempt> {
    return settledOf(this.#database.query, filter)
  }

  prove(range: TimeRange): Promise<LedgerProof> {
    return prove(range, { pagesOf: (hours) => pagesOf(this.#database.query, hours), rollups: (query) => this.rollups(query) })
  }

  async prune(before: PruneBefore): Promise<number> {
    let deleted = 0
    if (before.entries !== undefined) deleted += await this.#pruneTable('ledger_entries', 'at < $1', before.entries)
    if (before.rollups === undefined) return deleted
    const day = dayOf(before.rollups)
    deleted += await this.#pruneTable('ledger_rollups', 'start < $1', day)
    deleted += await this.#pruneTable('ledger_sessions', 'last_hour < $1', day)
    // Names that nothing refers to any more.
    await this.#pruneTable('ledger_parties', 'used_hour < $1', Math.min(day, dayOf(before.entries ?? 0)))
    return deleted
  }

  async close(): Promise<void> {
    // The database belongs to whoever opened it.
  }

  /** Replicas prune at the same time: each takes rows that no other one has taken. */
  async #pruneTable(table: string, condition: string, before: number): Promise<number> {
    let deleted = 0
    for (;;) {
      const rows = await this.#database.query(
        `DELETE FROM ${table} WHERE ctid IN (SELECT ctid FROM ${table} WHERE ${condition} LIMIT ${PRUNED_TOGETHER} FOR UPDATE SKIP LOCKED) RETURNING 1`,
        [Math.floor(before)],
      )
      deleted += rows.length
      if (rows.length < PRUNED_TOGETHER) return deleted
    }
  }
}
