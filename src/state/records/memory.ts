import type { RequestRecord } from '../../ir/record.ts'
import type { Clock } from '../../lib/clock.ts'
import { listLimit } from './filter-limits.ts'
import { ambiguousPrefix, completePrefix } from './id-prefix.ts'
import type { PendingRecord, RecordFilter, RecordStore, RecordSummary, StoreWarning } from './store.ts'
import { summarise } from './summarise.ts'
import { WriteQueue } from './write-queue.ts'

export interface MemoryRecordsOptions {
  readonly clock: Clock
  readonly warn: StoreWarning
  /** Most records kept; the oldest go first. Default 1000. */
  readonly capacity?: number | undefined
}

/** Records in memory: for a gateway without a data directory. They are gone when the process ends. */
export function createMemoryRecords(options: MemoryRecordsOptions): RecordStore {
  return new MemoryRecords(options)
}

class MemoryRecords implements RecordStore {
  readonly #capacity: number
  readonly #queue: WriteQueue<RequestRecord>
  /** In the order they were written. */
  readonly #records = new Map<string, RequestRecord>()

  constructor(options: MemoryRecordsOptions) {
    this.#capacity = options.capacity ?? 1000
    this.#queue = new WriteQueue({
      clock: options.clock,
      warn: options.warn,
      prepare: (record) => record,
      write: (records) => this.#write(records),
    })
  }

  append(record: PendingRecord): void {
    this.#queue.append(record)
  }

  async flush(): Promise<void> {
    this.#queue.drain()
  }

  async list(filter: RecordFilter = {}): Promise<readonly RecordSummary[]> {
    const newestFirst = this.#newestFirst()
    let from = 0
    if (filter.before !== undefined) {
      const cursor = newestFirst.findIndex((record) => record.request_id === filter.before)
      if (cursor === -1) return []
      from = cursor + 1
    }
    const wanted = newestFirst.slice(from).filter((record) => matches(record, filter))
    return wanted.slice(0, listLimit(filter.limit)).map(summarise)
  }

  async get(idOrPrefix: string): Promise<RequestRecord | undefined> {
    if (idOrPrefix === 'last') return this.#newestFirst()[0]
    this.#queue.drain()
    const prefix = completePrefix(idOrPrefix)
    const exact = this.#records.get(prefix)
    if (exact !== undefined) return exact
    const found = [...this.#records.keys()].filter((id) => id.startsWith(prefix)).sort()
    if (found.length > 1) throw ambiguousPrefix(idOrPrefix, found.slice(0, 3))
    return found[0] === undefined ? undefined : this.#records.get(found[0])
  }

  async prune(beforeMs: number): Promise<number> {
    this.#queue.drain()
    let deleted = 0
    for (const [id, record] of this.#records) {
      if (record.started_at >= beforeMs) continue
      this.#records.delete(id)
      deleted += 1
    }
    return deleted
  }

  async close(): Promise<void> {
    this.#queue.close()
  }

  #newestFirst(): RequestRecord[] {
    this.#queue.drain()
    return [...this.#records.values()].reverse().sort((left, right) => right.started_at - left.started_at)
  }

  #write(records: readonly RequestRecord[]): void {
    for (const record of records) if (!this.#records.has(record.request_id)) this.#records.set(record.request_id, record)
    for (const id of this.#records.keys()) {
      if (this.#records.size <= this.#capacity) return
      this.#records.delete(id)
    }
  }
}

function matches(record: RequestRecord, filter: RecordFilter): boolean {
  if (filter.model !== undefined && record.requested_model !== filter.model) return false
  if (filter.status !== undefined && record.status !== filter.status) return false
  if (filter.sessionId !== undefined && record.session_id !== filter.sessionId) return false
  if (filter.tenant !== undefined && record.tenant !== filter.tenant) return false
  return filter.sinceMs === undefined || record.started_at >= filter.sinceMs
}
