import type { RequestRecord } from '../../ir/record.ts'
import { listLimit } from './filter-limits.ts'
import { ambiguousPrefix, completePrefix } from './id-prefix.ts'
import { matchesFilter } from './matches-filter.ts'
import type { PackedRecord, RecordFilter, RecordStore, RecordSummary, UnpackRecord } from './store.ts'
import { summarise } from './summarise.ts'

export interface MemoryRecordsOptions {
  readonly unpack: UnpackRecord
  /** Most records kept; the oldest go first. Default 1000. */
  readonly capacity?: number | undefined
}

/** Records in memory: for a gateway without a data directory. They are gone when the process ends. */
export function createMemoryRecords(options: MemoryRecordsOptions): RecordStore {
  return new MemoryRecords(options)
}

class MemoryRecords implements RecordStore {
  readonly #capacity: number
  readonly #unpack: UnpackRecord
  /** In the order they were appended. */
  readonly #records = new Map<string, PackedRecord>()

  constructor({ unpack, capacity }: MemoryRecordsOptions) {
    this.#unpack = unpack
    this.#capacity = capacity ?? 1000
  }

  append(record: PackedRecord): void {
    if (this.#records.has(record.requestId)) return
    this.#records.set(record.requestId, record)
    if (this.#records.size <= this.#capacity) return
    for (const oldest of this.#records.keys()) {
      this.#records.delete(oldest)
      return
    }
  }

  async flush(): Promise<void> {
    // Nothing is put off.
  }

  async list(filter: RecordFilter = {}): Promise<readonly RecordSummary[]> {
    const newestFirst = this.#newestFirst()
    let from = 0
    if (filter.before !== undefined) {
      const cursor = newestFirst.findIndex((record) => record.request_id === filter.before)
      if (cursor === -1) return []
      from = cursor + 1
    }
    const wanted = newestFirst.slice(from).filter((record) => matchesFilter(record, filter))
    return wanted.slice(0, listLimit(filter.limit)).map(summarise)
  }

  async get(idOrPrefix: string): Promise<RequestRecord | undefined> {
    if (idOrPrefix === 'last') return this.#newestFirst()[0]
    const prefix = completePrefix(idOrPrefix)
    const exact = this.#records.get(prefix)
    if (exact !== undefined) return this.#unpacked(exact)
    const found = [...this.#records.keys()].filter((id) => id.startsWith(prefix)).sort()
    if (found.length > 1) throw ambiguousPrefix(idOrPrefix, found.slice(0, 3))
    const only = found[0] === undefined ? undefined : this.#records.get(found[0])
    return only === undefined ? undefined : this.#unpacked(only)
  }

  async *scan(filter: Omit<RecordFilter, 'before'> = {}): AsyncIterable<RequestRecord> {
    let left = filter.limit ?? Number.POSITIVE_INFINITY
    for (const record of this.#newestFirst()) {
      if (left <= 0) return
      if (!matchesFilter(record, filter)) continue
      left -= 1
      yield record
    }
  }

  async prune(beforeMs: number): Promise<number> {
    let deleted = 0
    for (const [id, record] of this.#records) {
      if (record.startedAt >= beforeMs) continue
      this.#records.delete(id)
      deleted += 1
    }
    return deleted
  }

  async close(): Promise<void> {
    // Nothing is held open.
  }

  #newestFirst(): RequestRecord[] {
    const records = [...this.#records.values()].reverse().map((record) => this.#unpacked(record))
    return records.sort((left, right) => right.started_at - left.started_at)
  }

  #unpacked(record: PackedRecord): RequestRecord {
    return this.#unpack(JSON.parse(record.json))
  }
}
