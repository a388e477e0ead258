import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Clock } from '../../lib/clock.ts'
import { openSqliteDatabase } from '../sqlite-database.ts'
import {
  AFTER_ANY_ID,
  BatchedRecords,
  storedBatch,
  type BatchTable,
  type PagePosition,
  type StoredBatch,
} from './batched-records.ts'
import { listedIn } from './filter-lists.ts'
import { RECORD_MIGRATIONS } from './migrations.ts'
import { packBatch, packTexts } from './record-batch.ts'
import type { RecordFilter, RecordStore, StoreWarning, UnpackRecord } from './store.ts'
import { WriteQueue } from './write-queue.ts'

export interface SqliteRecordsOptions {
  /** File path, or `:memory:`. */
  readonly path: string
  readonly clock: Clock
  readonly warn: StoreWarning
  readonly unpack: UnpackRecord
  /** For looking into the records of another process: appending is refused silently by the queue, nothing is created. */
  readonly readOnly?: boolean | undefined
  /** Most records kept in memory while the file cannot be written. */
  readonly maxQueued?: number | undefined
}

/** Records in an SQLite file, a batch of them in each row. Throws `state_unavailable` or `state_incompatible`. */
export function openSqliteRecords(options: SqliteRecordsOptions): RecordStore {
  const { path, readOnly, clock, warn, maxQueued, unpack } = options
  const migrations = RECORD_MIGRATIONS
  const database = openSqliteDatabase({ path, domain: 'records', migrations, appliedAt: clock.wall(), readOnly })
  const insert = database.prepare(
    'INSERT INTO record_batches (first_id, last_id, first_started, last_started, size, contents, records) VALUES (?, ?, ?, ?, ?, ?, ?)',
  )
  const queue = new WriteQueue({ clock, warn, maxQueued, write: (records) => void insert.run(...packBatch(records)) })
  return new BatchedRecords({ table: new SqliteBatches(database), queue, unpack })
}

class SqliteBatches implements BatchTable {
  readonly #database: DatabaseSync

  constructor(database: DatabaseSync) {
    this.#database = database
  }

  page(filter: RecordFilter, { startedBy, before }: PagePosition, limit: number): StoredBatch[] {
    const { where, values } = conditionsOf(filter)
    if (startedBy !== undefined) {
      where.push('first_started <= ?')
      values.push(startedBy)
    }
    return this.#statement(
      `SELECT sequence, last_started, size, records FROM record_batches WHERE ${[...where, '(last_started, sequence) < (?, ?)'].join(' AND ')}
       ORDER BY last_started DESC, sequence DESC LIMIT ?`,
    )
      .all(...values, ...before, limit)
      .map(storedBatch)
  }

  around(prefix: string, limit: number | undefined): StoredBatch[] {
    return this.#statement(
      'SELECT sequence, last_started, size, records FROM record_batches WHERE last_id >= ? AND first_id < ? ORDER BY first_id, sequence LIMIT ?',
    )
      .all(prefix, `${prefix}${AFTER_ANY_ID}`, limit ?? -1)
      .map(storedBatch)
  }

  straddling(beforeMs: number): StoredBatch[] {
    return this.#statement(
      'SELECT sequence, last_started, size, records FROM record_batches WHERE first_started < ? AND last_started >= ?',
    )
      .all(beforeMs, beforeMs)
      .map(storedBatch)
  }

  rewrite({ sequence }: StoredBatch, firstStarted: number, texts: readonly string[]): boolean {
    this.#statement('UPDATE record_batches SET first_started = ?, size = ?, records = ? WHERE sequence = ?').run(
      firstStarted,
      texts.length,
      packTexts(texts),
      sequence,
    )
    return true
  }

  removeOldest(beforeMs: number, limit: number): { batches: number; records: number } {
    const removed = this.#statement(
      'DELETE FROM record_batches WHERE sequence IN (SELECT sequence FROM record_batches WHERE last_started < ? ORDER BY last_started, sequence LIMIT ?) RETURNING size',
    ).all(beforeMs, limit)
    return { batches: removed.length, records: removed.reduce((sum, row) => sum + Number(row['size']), 0) }
  }

  close(): void {
    this.#database.close()
  }

  #statement(sql: string): StatementSync {
    return this.#database.prepare(sql)
  }
}

/** What a batch must hold so that one of its records can pass the filter. */
function conditionsOf(filter: RecordFilter): { where: string[]; values: (string | number)[] } {
  const where: string[] = []
  const values: (string | number)[] = []
  for (const [list, value] of listedIn(filter)) {
    // Batches of earlier versions do not have every list.
    where.push(
      `(json_type(contents, '$.${list}') IS NULL OR EXISTS (SELECT 1 FROM json_each(contents, '$.${list}') WHERE value = ?))`,
    )
    values.push(value)
  }
  if (filter.sinceMs !== undefined) {
    where.push('last_started >= ?')
    values.push(Math.floor(filter.sinceMs))
  }
  return { where, values }
}
