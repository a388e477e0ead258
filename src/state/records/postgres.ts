import type { Clock } from '../../lib/clock.ts'
import { sqlStateOf, type Postgres, type PostgresValue } from '../postgres/postgres.ts'
import { BatchSender } from './batch-sender.ts'
import { openBatchSpool } from './batch-spool.ts'
import {
  AFTER_ANY_ID,
  BatchedRecords,
  storedBatch,
  type BatchTable,
  type PagePosition,
  type StoredBatch,
} from './batched-records.ts'
import { listedIn } from './filter-lists.ts'
import { packTexts, type BatchRow } from './record-batch.ts'
import type { RecordFilter, RecordStore, StoreWarning, UnpackRecord } from './store.ts'

export interface PostgresRecordsOptions {
  /** With the schema of `POSTGRES_RECORDS`; stays open when the store is closed. */
  readonly database: Postgres
  readonly clock: Clock
  readonly warn: StoreWarning
  readonly unpack: UnpackRecord
  /** Unique among all processes that ever write. */
  readonly writer: string
  /** A local file of this process alone, for what the database does not take at once; undefined when there is no disk for it. */
  readonly spoolPath?: string | undefined
  /** Most records kept in memory while the database cannot be written. */
  readonly maxQueued?: number | undefined
}

/** Records in PostgreSQL, a batch of them in each row; those of all replicas. */
export function createPostgresRecords(options: PostgresRecordsOptions): RecordStore {
  const { database, clock, warn, unpack, writer, maxQueued, spoolPath } = options
  const spool = spoolPath === undefined ? undefined : openBatchSpool(spoolPath)
  const send = (key: string, row: BatchRow): Promise<void> => insertBatch(database, key, row)
  const queue = new BatchSender({ clock, warn, writer, maxQueued, send, isHopeless, spool })
  return new BatchedRecords({ table: new PostgresBatches(database), queue, unpack })
}

/** The server has understood the batch and does not take it: data it cannot hold. */
const isHopeless = (error: unknown): boolean => /^(22|23|54)/.test(sqlStateOf(error) ?? '')

/** Writes a batch, unless it is there. */
export async function insertBatch(database: Pick<Postgres, 'query'>, key: string, row: BatchRow): Promise<void> {
  const [firstId, lastId, firstStarted, lastStarted, size, contents, records] = row
  await database.query(
    `INSERT INTO record_batches (batch_key, first_id, last_id, first_started, last_started, size, contents, records)
     VALUES ($1, $2, $3, $4, $5, $6, $7::text::jsonb, $8) ON CONFLICT (batch_key) DO NOTHING`,
    [key, firstId, lastId, firstStarted, lastStarted, size, storable(contents), records],
  )
}

/** JSON text without what PostgreSQL cannot hold: the character 0, and halves of characters. Model names come from clients. */
const storable = (json: string): string => json.replace(/\\u(0000|d[89ab][0-9a-f]{2}|d[c-f][0-9a-f]{2})/gi, '\ufffd')

class PostgresBatches implements BatchTable {
  readonly #database: Postgres

  constructor(database: Postgres) {
    this.#database = database
  }

  async page(filter: RecordFilter, { startedBy, before }: PagePosition, limit: number): Promise<StoredBatch[]> {
    const { where, values } = conditionsOf(filter)
    const bind = (value: PostgresValue): string => `$${values.push(value)}`
    if (startedBy !== undefined) where.push(`first_started <= ${bind(startedBy)}`)
    where.push(`(last_started, sequence) < (${bind(before[0])}::bigint, ${bind(before[1])}::bigint)`)
    const rows = await this.#database.query(
      `SELECT sequence, last_started, size, records FROM record_batches WHERE ${where.join(' AND ')}
       ORDER BY last_started DESC, sequence DESC LIMIT ${bind(limit)}`,
      values,
    )
    return rows.map(storedBatch)
  }

  async around(prefix: string, limit: number | undefined): Promise<StoredBatch[]> {
    // No id holds such a character, and the server takes none.
    if (prefix.includes('\u0000')) return []
    const rows = await this.#database.query(
      'SELECT sequence, last_started, size, records FROM record_batches WHERE last_id >= $1 AND first_id < $2 ORDER BY first_id, sequence LIMIT $3',
      [prefix, `${prefix}${AFTER_ANY_ID}`, limit ?? null],
    )
    return rows.map(storedBatch)
  }

  async straddling(beforeMs: number): Promise<StoredBatch[]> {
    const rows = await this.#database.query(
      'SELECT sequence, last_started, size, records FROM record_batches WHERE first_started < $1 AND last_started >= $1',
      [Math.floor(beforeMs)],
    )
    return rows.map(storedBatch)
  }

  /** Replicas prune at the same time: whoever comes second finds another size. */
  async rewrite({ sequence, size }: StoredBatch, firstStarted: number, texts: readonly string[]): Promise<boolean> {
    const rows = await this.#database.query(
      'UPDATE record_batches SET first_started = $1, size = $2, records = $3 WHERE sequence = $4 AND size = $5 RETURNING sequence',
      [firstStarted, texts.length, packTexts(texts), sequence, size],
    )
    return rows.length > 0
  }

  async removeOldest(beforeMs: number, limit: number): Promise<{ batches: number; records: number }> {
    const removed = await this.#database.query(
      `DELETE FROM record_batches WHERE sequence IN (
         SELECT sequence FROM record_batches WHERE last_started < $1 ORDER BY last_started, sequence LIMIT $2 FOR UPDATE SKIP LOCKED)
       RETURNING size`,
      [Math.floor(beforeMs), limit],
    )
    return { batches: removed.length, records: removed.reduce((sum, row) => sum + Number(row['size']), 0) }
  }

  async close(): Promise<void> {
    // The database belongs to whoever opened it.
  }
}

/** What a batch must hold so that one of its records can pass the filter. */
function conditionsOf(filter: RecordFilter): { where: string[]; values: PostgresValue[] } {
  const where: string[] = []
  const values: PostgresValue[] = []
  for (const [list, value] of listedIn(filter)) {
    where.push(`contents @> $${values.push(storable(JSON.stringify({ [list]: [value] })))}::text::jsonb`)
  }
  if (filter.sinceMs !== undefined) where.push(`last_started >= $${values.push(Math.floor(filter.sinceMs))}`)
  return { where, values }
}
