import type { RequestRecord } from '../../ir/record.ts'
import { listLimit } from './filter-limits.ts'
import { ambiguousPrefix, completePrefix } from './id-prefix.ts'
import { matchesFilter } from './matches-filter.ts'
import { unpackBatch } from './record-batch.ts'
import type { PackedRecord, RecordBacklog, RecordFilter, RecordStore, RecordSummary, UnpackRecord } from './store.ts'
import { summarise } from './summarise.ts'

/** Batches read, or deleted in one transaction, at a time. */
const BATCHES_AT_A_TIME = 16
/** So short a beginning of an id says no more than roughly when; the first few batches are enough to show that it fits many. */
const SHORT_PREFIX = 16

/** A database answers at once or later. */
type Maybe<Value> = Value | Promise<Value>

/** A row of a table of batches. */
export interface StoredBatch {
  readonly sequence: number
  /** Unix ms at which its newest record started. */
  readonly lastStarted: number
  readonly size: number
  /** As `packTexts` packed them. */
  readonly records: Uint8Array
}

/** Reads a row of whatever database. */
export const storedBatch = (row: Readonly<Record<string, unknown>>): StoredBatch => ({
  sequence: Number(row['sequence']),
  lastStarted: Number(row['last_started']),
  size: Number(row['size']),
  records: row['records'] as Uint8Array,
})

/** Sorts after every character that an id can hold. */
export const AFTER_ANY_ID = '\u{10ffff}'

export interface PagePosition {
  /** Only batches whose oldest record started by then. */
  readonly startedBy: number | undefined
  /** Only batches that stand behind this `lastStarted` and `sequence`, both downwards. */
  readonly before: readonly [lastStarted: number, sequence: number]
}

/** A table with a batch of records in each row. */
export interface BatchTable {
  /** Batches that can hold what the filter looks for, by their newest record downwards. */
  page(filter: RecordFilter, position: PagePosition, limit: number): Maybe<readonly StoredBatch[]>
  /** Batches that can hold ids with this beginning, by their first id; all of them without a limit. */
  around(prefix: string, limit: number | undefined): Maybe<readonly StoredBatch[]>
  /** Batches with records from before and after this moment. */
  straddling(beforeMs: number): Maybe<readonly StoredBatch[]>
  /** Gives a batch other records; false when somebody else has changed it meanwhile. */
  rewrite(batch: StoredBatch, firstStarted: number, texts: readonly string[]): Maybe<boolean>
  /** Deletes so many batches of which every record started earlier, the oldest first. */
  removeOldest(beforeMs: number, limit: number): Maybe<{ readonly batches: number; readonly records: number }>
  close(): Maybe<void>
}

/** What collects records and writes them as batches. */
export interface BatchQueue {
  append(record: PackedRecord): void
  readonly backlog: RecordBacklog
  /** Writes what waits, or has failed to. */
  drain(): Maybe<void>
  /** One last attempt, whatever happened before. */
  close(): Maybe<void>
}

export interface BatchedRecordsOptions {
  readonly table: BatchTable
  readonly queue: BatchQueue
  readonly unpack: UnpackRecord
}

/** A record and where it stands: the order of lists is by start, then by place, both downwards. */
interface Entry {
  readonly record: RequestRecord
  readonly sequence: number
  readonly index: number
}

/** Records that are kept in batches. Each read sees what was appended here before. */
export class BatchedRecords implements RecordStore {
  readonly #table: BatchTable
  readonly #queue: BatchQueue
  readonly #unpack: UnpackRecord
  #closed = false

  constructor({ table, queue, unpack }: BatchedRecordsOptions) {
    this.#table = table
    this.#queue = queue
    this.#unpack = unpack
  }

  append(record: PackedRecord): void {
    this.#queue.append(record)
  }

  backlog(): RecordBacklog {
    return this.#queue.backlog
  }

  async flush(): Promise<void> {
    await this.#queue.drain()
  }

  async list(filter: RecordFilter = {}): Promise<readonly RecordSummary[]> {
    await this.#queue.drain()
    const cursor = filter.before === undefined ? undefined : await this.#find(filter.before)
    if (filter.before !== undefined && cursor === undefined) return []
    return (await this.#newest(filter, cursor, listLimit(filter.limit))).map(({ record }) => summarise(record))
  }

  async get(idOrPrefix: string): Promise<RequestRecord | undefined> {
    await this.#queue.drain()
    if (idOrPrefix === 'last') return (await this.#newest({}, undefined, 1))[0]?.record
    const prefix = completePrefix(idOrPrefix)
    const found = await this.#startingWith(prefix)
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
    await this.#queue.drain()
    let left = filter.limit ?? Number.POSITIVE_INFINITY
    // Records of the batches read so far that may still be older than one of a batch to come.
    let waiting: Entry[] = []
    for await (const rows of this.#batches(filter)) {
      const oldest = rows.at(-1)?.lastStarted ?? 0
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
    await this.#queue.drain()
    let deleted = await this.#pruneStraddling(beforeMs)
    while (!this.#closed) {
      const { batches, records } = await this.#table.removeOldest(beforeMs, BATCHES_AT_A_TIME)
      deleted += records
      if (batches === 0) break
      await new Promise((resolve) => setImmediate(resolve))
    }
    return deleted
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#queue.close()
    await this.#table.close()
  }

  /** Up to `limit` records that pass the filter, newest first, those behind the cursor only. */
  async #newest(filter: RecordFilter, cursor: Entry | undefined, limit: number): Promise<Entry[]> {
    let found: Entry[] = []
    for await (const rows of this.#batches(filter, cursor)) {
      for (const row of rows) {
        // Batches overlap: a long call stands in a later one. What a further batch holds may still be newer than what was found.
        if (found.length === limit && row.lastStarted < Math.floor(found[limit - 1]!.record.started_at)) return found
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
  async *#batches(filter: RecordFilter, cursor?: Entry): AsyncIterable<readonly StoredBatch[]> {
    const startedBy = cursor === undefined ? undefined : Math.floor(cursor.record.started_at)
    let before: PagePosition['before'] = [Number.MAX_SAFE_INTEGER, 0]
    for (;;) {
      const rows = await this.#table.page(filter, { startedBy, before }, BATCHES_AT_A_TIME)
      yield rows
      const last = rows.at(-1)
      if (last === undefined || rows.length < BATCHES_AT_A_TIME) return
      before = [last.lastStarted, last.sequence]
    }
  }

  /** The first three records whose ids begin so, by id; of equal ids the one written first. */
  async #startingWith(prefix: string): Promise<Entry[]> {
    const rows = await this.#table.around(prefix, prefix.length < SHORT_PREFIX ? BATCHES_AT_A_TIME : undefined)
    const entries = rows.flatMap((row) => this.#entriesOf(row)).filter(({ record }) => record.request_id.startsWith(prefix))
    return firstWritten(entries)
      .sort((left, right) => (left.record.request_id < right.record.request_id ? -1 : 1))
      .slice(0, 3)
  }

  async #find(id: string): Promise<Entry | undefined> {
    return (await this.#startingWith(id)).find(({ record }) => record.request_id === id)
  }

  /** Takes the older records out of batches that hold younger ones too. */
  async #pruneStraddling(beforeMs: number): Promise<number> {
    let deleted = 0
    for (const row of await this.#table.straddling(beforeMs)) {
      const entries = this.#entriesOf(row)
      const packed = unpackBatch(row.records)
      const kept = entries.filter(({ record }) => record.started_at >= beforeMs)
      const firstStarted = Math.min(...kept.map(({ record }) => Math.floor(record.started_at)))
      const texts = kept.map(({ index }) => JSON.stringify(packed[index]))
      if (await this.#table.rewrite(row, firstStarted, texts)) deleted += entries.length - kept.length
    }
    return deleted
  }

  #entriesOf({ sequence, records }: StoredBatch): Entry[] {
    return unpackBatch(records).map((packed, index) => ({ record: this.#unpack(packed), sequence, index }))
  }
}

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
