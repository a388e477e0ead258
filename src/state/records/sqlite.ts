import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { RequestRecord } from '../../ir/record.ts'
import type { Clock } from '../../lib/clock.ts'
import { openSqliteDatabase } from '../sqlite-database.ts'
import { listLimit } from './filter-limits.ts'
import { ambiguousPrefix, completePrefix } from './id-prefix.ts'
import { matchesFilter } from './matches-filter.ts'
import { RECORD_MIGRATIONS } from './migrations.ts'
import { packBatch, packTexts, unpackBatch } from './record-batch.ts'
import type {
  PackedRecord,
  RecordBacklog,
  RecordFilter,
  RecordStore,
  RecordSummary,
  StoreWarning,
  UnpackRecord,
} from './store.ts'
import { summarise } from './summarise.ts'
import { WriteQueue } from './write-queue.ts'

/** Batches read, or deleted in one transaction, at a time. */
const BATCHES_AT_A_TIME = 16
/** Sorts after every character that an id can hold. */
const AFTER_ANY_ID = '\u{10ffff}'

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

/** A record and where it stands: the order of lists is by start, then by place, both downwards. */
interface Entry {
  readonly record: RequestRecord
  readonly sequence: number
  readonly index: number
}

class SqliteRecords implements RecordStore {
  readonly #database: DatabaseSync
  readonly #queue: WriteQueue
  readonly #insert: StatementSync
  readonly #unpack: UnpackRecord
  #closed = false

  constructor(database: DatabaseSync, options: SqliteRecordsOptions) {
    this.#database = database
    this.#unpack = options.unpack
    this.#queue = new WriteQueue({
      clock: options.clock,
      warn: options.warn,
      maxQueued: options.maxQueued,
      write: (records) => void this.#insert.run(...packBatch(records)),
    })
    this.#insert = database.prepare(
      'INSERT INTO record_batches (first_id, last_id, first_started, last_started, size, contents, records) VALUES (?, ?, ?, ?, ?, ?, ?)',
    )
  }

  append(record: PackedRecord): void {
    this.#queue.append(record)
  }

  backlog(): RecordBacklog {
    return this.#queue.backlog
  }

  async flush(): Promise<void> {
    this.#queue.drain()
  }

  async list(filter: RecordFilter = {}): Promise<readonly RecordSummary[]> {
    this.#queue.drain()
    const cursor = filter.before === undefined ? undefined : this.#find(filter.before)
    if (filter.before !== undefined && cursor === undefined) return []
    return this.#newest(filter, cursor, listLimit(filter.limit)).map(({ record }) => summarise(record))
  }

  async get(idOrPrefix: string): Promise<RequestRecord | undefined> {
    this.#queue.drain()
    if (idOrPrefix === 'last') return this.#newest({}, undefined, 1)[0]?.record
    const prefix = completePrefix(idOrPrefix)
    const found = this.#startingWith(prefix)
    const [first] = found
    if (first === undefined) return undefined
    if (found.length > 1 && first.record.request_id !== prefix)
      throw ambiguousPrefix(
        idOrPrefix,
        found.map(({ record }) => record.request_id),
      )
    return first.record
  }

  async *scan(filter: Omit<RecordFilter, 'before'> = {}): AsyncIterable<RequestRecord> {
    this.#queue.drain()
    let left = filter.limit ?? Number.POSITIVE_INFINITY
    // Records of the batches read so far that may still be older than one of a batch to come.
    let waiting: Entry[] = []
    for (const rows of this.#batches(filter)) {
      const oldest = Number(rows.at(-1)?.['last_started'] ?? 0)
      const fitting = rows.flatMap((row) => this.#entriesOf(row)).filter(({ record }) => matchesFilter(record, filter))
      const sorted = firstWritten([...waiting, ...fitting]).sort(order)
      waiting = rows.length < BATCHES_AT_A_TIME ? [] : sorted.filter(({ record }) => Math.floor(record.started_at) <= oldest)
      for (const { record } of sorted.slice(0, sorted.length - waiting.length)) {
        if (left-- <= 0) return
        yield record
      }
      // A gateway that reads its own records goes on serving between the pages.
      await new Promise((resolve) => setImmediate(resolve))
      if (this.#closed) return
    }
  }

  async prune(beforeMs: number): Promise<number> {
    this.#queue.drain()
    let deleted = this.#pruneStraddling(beforeMs)
    const oldest = this.#database.prepare(
      'SELECT count(*) AS batches, sum(size) AS size FROM (SELECT size FROM record_batches WHERE last_started < ? ORDER BY last_started, sequence LIMIT ?)',
    )
    const remove = this.#database.prepare(
      'DELETE FROM record_batches WHERE sequence IN (SELECT sequence FROM record_batches WHERE last_started < ? ORDER BY last_started, sequence LIMIT ?)',
    )
    while (!this.#closed) {
      const row = oldest.get(beforeMs, BATCHES_AT_A_TIME)
      if (Number(row?.['batches'] ?? 0) === 0) break
      remove.run(beforeMs, BATCHES_AT_A_TIME)
      deleted += Number(row?.['size'])
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

  /** Up to `limit` records that pass the filter, newest first, those behind the cursor only. */
  #newest(filter: RecordFilter, cursor: Entry | undefined, limit: number): Entry[] {
    let found: Entry[] = []
    for (const rows of this.#batches(filter, cursor)) {
      for (const row of rows) {
        const lastStarted = Number(row['last_started'])
        // Batches overlap: a long call stands in a later one. What a further batch holds may still be newer than what was found.
        if (found.length === limit && lastStarted < Math.floor(found[limit - 1]!.record.started_at)) return found
        const fitting = this.#entriesOf(row).filter(
          (entry) => matchesFilter(entry.record, filter) && (cursor === undefined || order(cursor, entry) < 0),
        )
        found = firstWritten([...found, ...fitting])
          .sort(order)
          .slice(0, limit)
      }
    }
    return found
  }

  /** Pages of batches that can hold what the filter looks for, by their newest record downwards. The last page is not full. */
  *#batches(filter: RecordFilter, cursor?: Entry): Iterable<Record<string, unknown>[]> {
    const { where, values } = conditionsOf(filter)
    if (cursor !== undefined) {
      where.push('first_started <= ?')
      values.push(Math.floor(cursor.record.started_at))
    }
    const select = this.#database.prepare(
      `SELECT sequence, last_started, records FROM record_batches WHERE ${[...where, '(last_started, sequence) < (?, ?)'].join(' AND ')}
       ORDER BY last_started DESC, sequence DESC LIMIT ?`,
    )
    let position: [number, number] = [Number.MAX_SAFE_INTEGER, 0]
    for (;;) {
      const rows = select.all(...values, ...position, BATCHES_AT_A_TIME)
      yield rows
      const last = rows.at(-1)
      if (last === undefined || rows.length < BATCHES_AT_A_TIME) return
      position = [Number(last['last_started']), Number(last['sequence'])]
    }
  }

  /** The first three records whose ids begin so, by id; of equal ids the one written first. */
  #startingWith(prefix: string): Entry[] {
    const rows = this.#database
      .prepare(
        'SELECT sequence, records FROM record_batches WHERE last_id >= ? AND first_id < ? ORDER BY first_id, sequence LIMIT ?',
      )
      .all(prefix, `${prefix}${AFTER_ANY_ID}`, prefix.length < SHORT_PREFIX ? BATCHES_AT_A_TIME : -1)
    const entries = rows.flatMap((row) => this.#entriesOf(row)).filter(({ record }) => record.request_id.startsWith(prefix))
    return firstWritten(entries)
      .sort((left, right) => (left.record.request_id < right.record.request_id ? -1 : 1))
      .slice(0, 3)
  }

  #find(id: string): Entry | undefined {
    return this.#startingWith(id).find(({ record }) => record.request_id === id)
  }

  /** Takes the older records out of batches that hold younger ones too. */
  #pruneStraddling(beforeMs: number): number {
    const rows = this.#database
      .prepare('SELECT sequence, records FROM record_batches WHERE first_started < ? AND last_started >= ?')
      .all(beforeMs, beforeMs)
    const rewrite = this.#database.prepare(
      'UPDATE record_batches SET first_started = ?, size = ?, records = ? WHERE sequence = ?',
    )
    let deleted = 0
    for (const row of rows) {
      const entries = this.#entriesOf(row)
      const packed = unpackBatch(bytesOf(row))
      const kept = entries.filter(({ record }) => record.started_at >= beforeMs)
      const firstStarted = Math.min(...kept.map(({ record }) => Math.floor(record.started_at)))
      const texts = kept.map(({ index }) => JSON.stringify(packed[index]))
      rewrite.run(firstStarted, kept.length, packTexts(texts), Number(row['sequence']))
      deleted += entries.length - kept.length
    }
    return deleted
  }

  #entriesOf(row: Record<string, unknown>): Entry[] {
    const sequence = Number(row['sequence'])
    return unpackBatch(bytesOf(row)).map((packed, index) => ({ record: this.#unpack(packed), sequence, index }))
  }
}

/** So short a beginning of an id says no more than roughly when; the first few batches are enough to show that it fits many. */
const SHORT_PREFIX = 16

const bytesOf = (row: Record<string, unknown>): Uint8Array => row['records'] as Uint8Array

/** Newest first; among equals the later written first. */
const order = (left: Entry, right: Entry): number =>
  right.record.started_at - left.record.started_at || right.sequence - left.sequence || right.index - left.index

const isWrittenBefore = (left: Entry, right: Entry): boolean =>
  left.sequence < right.sequence || (left.sequence === right.sequence && left.index < right.index)

/** Of several records with one id only the one written first counts. */
function firstWritten(entries: readonly Entry[]): Entry[] {
  const byId = new Map<string, Entry>()
  for (const entry of entries) {
    const earlier = byId.get(entry.record.request_id)
    if (earlier === undefined || isWrittenBefore(entry, earlier)) byId.set(entry.record.request_id, entry)
  }
  return [...byId.values()]
}

/** What a batch must hold so that one of its records can pass the filter. */
function conditionsOf(filter: RecordFilter): { where: string[]; values: (string | number)[] } {
  const where: string[] = []
  const values: (string | number)[] = []
  const holds = (list: string, value: string | number | undefined): void => {
    if (value === undefined) return
    // Batches of earlier versions do not have every list.
    where.push(
      `(json_type(contents, '$.${list}') IS NULL OR EXISTS (SELECT 1 FROM json_each(contents, '$.${list}') WHERE value = ?))`,
    )
    values.push(value)
  }
  holds('models', filter.model)
  holds('statuses', filter.status)
  holds('sessions', filter.sessionId)
  holds('tenants', filter.tenant)
  holds('keys', filter.apiKeyId)
  holds('owners', filter.owner)
  if (filter.sinceMs !== undefined) {
    where.push('last_started >= ?')
    values.push(Math.floor(filter.sinceMs))
  }
  return { where, values }
}
