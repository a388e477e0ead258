import type { DatabaseSync } from 'node:sqlite'
import type { LedgerEntry } from '../../ir/settlement.ts'
import type { Clock } from '../../lib/clock.ts'
import { openSqliteDatabase } from '../sqlite-database.ts'
import { LEDGER_MIGRATIONS } from './migrations.ts'
import { prove } from './prove.ts'
import { LedgerEntries } from './sqlite-entries.ts'
import { SqliteParties } from './sqlite-parties.ts'
import { LedgerPruning } from './sqlite-pruning.ts'
import { readRollups } from './sqlite-rollups.ts'
import { LedgerWrites } from './sqlite-writes.ts'
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
  readonly #entries: LedgerEntries
  readonly #pruning: LedgerPruning

  constructor(database: DatabaseSync) {
    const parties = new SqliteParties(database)
    this.#database = database
    this.#writes = new LedgerWrites(database, parties)
    this.#entries = new LedgerEntries(database, parties)
    this.#pruning = new LedgerPruning(database, parties)
  }

  async write(entries: readonly LedgerEntry[]): Promise<WriteOutcome> {
    return this.#writes.write(entries)
  }

  rollups(query: RollupQuery): Promise<RollupRow[]> {
    return readRollups(this.#database, query)
  }

  async entries(filter: EntryFilter): Promise<EntryPage> {
    return this.#entries.page(filter)
  }

  settled(filter: Omit<EntryFilter, 'limit' | 'cursor'>): AsyncIterable<SettledAttempt> {
    return this.#entries.settled(filter)
  }

  prove(range: TimeRange): Promise<LedgerProof> {
    return prove(range, { pagesOf: (hours) => this.#entries.upwards(hours), rollups: (query) => this.rollups(query) })
  }

  async prune({ entries, rollups }: PruneBefore): Promise<number> {
    let deleted = 0
    if (entries !== undefined) deleted += await this.#pruning.entries(entries)
    if (rollups !== undefined) deleted += await this.#pruning.rollups(rollups, entries)
    return deleted
  }

  async close(): Promise<void> {
    if (this.#database.isOpen) this.#database.close()
  }
}
