import type { Clock } from '../../lib/clock.ts'
import { createMemoryRecords } from './memory.ts'
import { startRetention } from './retention.ts'
import { openSqliteRecords } from './sqlite.ts'
import type { RecordStore, StoreWarning, UnpackRecord } from './store.ts'

/** Name of the database in the data directory. */
export const STATE_FILE = 'switchback.db'

export interface OpenRecordsOptions {
  /** `memory`, or the path of an SQLite file. */
  readonly store: 'memory' | (string & {})
  /** Age at which a record is deleted, in milliseconds; undefined keeps them. */
  readonly retentionMs?: number | undefined
  readonly clock: Clock
  readonly unpack: UnpackRecord
  readonly warn: StoreWarning
}

export interface OpenedRecords extends RecordStore {
  /** From now on records are deleted at this age, in milliseconds; undefined keeps them. */
  keepFor(retentionMs: number | undefined): void
}

/** Opens the record store a configuration asks for, with its retention running until it is closed. */
export function openRecords(options: OpenRecordsOptions): OpenedRecords {
  const { store, clock, warn, unpack } = options
  const records = store === 'memory' ? createMemoryRecords({ unpack }) : openSqliteRecords({ path: store, clock, warn, unpack })
  return withRetention(records, options)
}

/** A record store with its retention running until it is closed. */
export function withRetention(
  records: RecordStore,
  { retentionMs, clock, warn }: Pick<OpenRecordsOptions, 'retentionMs' | 'clock' | 'warn'>,
): OpenedRecords {
  let keepMs = retentionMs
  const stopRetention = startRetention({ store: records, clock, keepMs: () => keepMs, warn })
  return {
    append: (record) => records.append(record),
    ...(records.backlog === undefined ? {} : { backlog: records.backlog.bind(records) }),
    flush: () => records.flush(),
    list: (filter) => records.list(filter),
    get: (idOrPrefix) => records.get(idOrPrefix),
    scan: (filter) => records.scan(filter),
    prune: (beforeMs) => records.prune(beforeMs),
    keepFor: (age) => void (keepMs = age),
    close() {
      stopRetention()
      return records.close()
    },
  }
}
