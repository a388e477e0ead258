import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { RequestRecord } from '../../ir/record.ts'
import type { Clock } from '../../lib/clock.ts'
import { openSqliteDatabase } from '../sqlite-database.ts'
import { listLimit } from './filter-limits.ts'
import { ambiguousPrefix, completePrefix } from './id-prefix.ts'
import { RECORD_MIGRATIONS } from './migrations.ts'
import type { PendingRecord, RecordFilter, RecordStore, RecordSummary, StoreWarning } from './store.ts'
import { summarise } from './summarise.ts'
import { WriteQueue } from './write-queue.ts'

/** Rows deleted in one transaction. */
const PRUNE_BATCH = 500
/** Sorts after every character that an id can hold. */
const AFTER_ANY_ID = '\u{10ffff}'

export interface SqliteRecordsOptions {
  /** File path, or `:memory:`. */
  readonly path: string
  readonly clock: Clock
  readonly warn: StoreWarning
  /** For looking into the records of another process: appending is refused silently by the queue, nothing is created. */
  readonly readOnly?: boolean | undefined
  /** Most records kept in memory while the file cannot be written. */
  readonly maxQueued?: number | undefined
}

/** Records in an SQLite file, written in batches by one prepared statement. Throws `state_unavailable` or `state_incompatible`. */
export function openSqliteRecords(options: SqliteRecordsOptions): RecordStore {
  const { path, readOnly } = options
  const database = openSqliteDatabase({
    path,
    domain: 'records',
    migrations: RECORD_MIGRATIONS,
    appliedAt: options.clock.wall(),
    readOnly,
  })
  return new SqliteRecords(database, options)
}

class SqliteRecords implements RecordStore {
  readonly #database: DatabaseSync
  readonly #queue: WriteQueue<RecordRow>
  readonly #insert: StatementSync
  #closed = false

  constructor(database: DatabaseSync, options: SqliteRecordsOptions) {
    this.#database = database
    this.#queue = new WriteQueue({
      clock: options.clock,
      warn: options.warn,
      maxQueued: options.maxQueued,
      prepare: rowOf,
      write: (rows) => this.#write(rows),
    })
    this.#insert = database.prepare(
      'INSERT OR IGNORE INTO request_records (request_id, started_at, model, status, session_id, tenant, record) VALUES (?, ?, ?, ?, ?, ?, ?)',
    )
  }

  append(record: PendingRecord): void {
    this.#queue.append(record)
  }

  async flush(): Promise<void> {
    this.#queue.drain()
  }

  async list(filter: RecordFilter = {}): Promise<readonly RecordSummary[]> {
    this.#queue.drain()
    const where: string[] = []
    const values: (string | number)[] = []
    const condition = (sql: string, value: string | number | undefined): void => {
      if (value === undefined) return
      where.push(sql)
      values.push(value)
    }
    condition('model = ?', filter.model)
    condition('status = ?', filter.status)
    condition('session_id = ?', filter.sessionId)
    condition('tenant = ?', filter.tenant)
    condition('started_at >= ?', filter.sinceMs)
    condition('(started_at, sequence) < (SELECT started_at, sequence FROM request_records WHERE request_id = ?)', filter.before)
    const clause = where.length === 0 ? '' : `WHERE ${where.join(' AND ')}`
    const sql = `SELECT record FROM request_records ${clause} ORDER BY started_at DESC, sequence DESC LIMIT ?`
    const rows = this.#database.prepare(sql).all(...values, listLimit(filter.limit))
    return rows.map((row) => summarise(recordOf(row)))
  }

  async get(idOrPrefix: string): Promise<RequestRecord | undefined> {
    this.#queue.drain()
    if (idOrPrefix === 'last') {
      const newest = this.#database
        .prepare('SELECT record FROM request_records ORDER BY started_at DESC, sequence DESC LIMIT 1')
        .get()
      return newest === undefined ? undefined : recordOf(newest)
    }
    const prefix = completePrefix(idOrPrefix)
    const rows = this.#database
      .prepare(
        'SELECT request_id, record FROM request_records WHERE request_id >= ? AND request_id < ? ORDER BY request_id LIMIT 3',
      )
      .all(prefix, `${prefix}${AFTER_ANY_ID}`)
    const [first] = rows
    if (first === undefined) return undefined
    if (rows.length > 1 && first['request_id'] !== prefix)
      throw ambiguousPrefix(
        idOrPrefix,
        rows.map((row) => String(row['request_id'])),
      )
    return recordOf(first)
  }

  async prune(beforeMs: number): Promise<number> {
    this.#queue.drain()
    const batch = this.#database.prepare(
      'DELETE FROM request_records WHERE sequence IN (SELECT sequence FROM request_records WHERE started_at < ? ORDER BY started_at LIMIT ?)',
    )
    let deleted = 0
    while (!this.#closed) {
      const changes = Number(batch.run(beforeMs, PRUNE_BATCH).changes)
      deleted += changes
      if (changes < PRUNE_BATCH) break
      await new Promise((resolve) => setImmediate(resolve))
    }
    return deleted
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#queue.close()
    this.#closed = true
    this.#database.close()
  }

  #write(rows: readonly RecordRow[]): void {
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      for (const row of rows) this.#insert.run(...row)
      this.#database.exec('COMMIT')
    } catch (error) {
      this.#rollBack()
      throw error
    }
  }

  /** A full disk may have ended the transaction already. */
  #rollBack(): void {
    if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
  }
}

/** Values of the insert, in the order of its columns. */
type RecordRow = readonly [
  id: string,
  startedAt: number,
  model: string,
  status: number,
  session: string | null,
  tenant: string | null,
  record: string,
]

const rowOf = (record: RequestRecord): RecordRow => [
  record.request_id,
  Math.floor(record.started_at),
  record.requested_model,
  record.status,
  record.session_id ?? null,
  record.tenant ?? null,
  JSON.stringify(record),
]

const recordOf = (row: Record<string, unknown>): RequestRecord => JSON.parse(String(row['record'])) as RequestRecord
