import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import {
  attemptOf,
  type Adjustment,
  type LateSettlement,
  type LedgerEntry,
  type LedgerParty,
  type Settlement,
} from '../../ir/settlement.ts'
import { unpackBatch } from './entry-batch.ts'
import { entryLimit, readCursor, writeCursor } from './entry-cursor.ts'
import { isWanted } from './is-wanted.ts'
import type { SqliteParties } from './sqlite-parties.ts'
import { PARTY_NAMES, type EntryFilter, type EntryPage, type SettledAttempt } from './store.ts'

/** Batches looked at in one go; then whatever else waits has its turn. */
const WINDOW = 256
/** Batches unpacked in one go: takes about 2 ms. */
const UNPACKED_TOGETHER = 4
/** Batches hold no more entries than this. Batch and place in it make one number, the cursor. */
const MOST_IN_BATCH = 2 ** 16
/** Sorts after every character that an id can hold. */
const AFTER_ANY_ID = '\u{10ffff}'

type Filter = Omit<EntryFilter, 'limit' | 'cursor'>

interface Batch {
  readonly batch: number
  readonly entries: readonly LedgerEntry[]
}

/** Reads entries out of their batches. */
export class LedgerEntries {
  readonly #database: DatabaseSync
  readonly #parties: SqliteParties
  readonly #batchesOfIds: StatementSync
  readonly #readBatch: StatementSync
  readonly #bounds: StatementSync

  constructor(database: DatabaseSync, parties: SqliteParties) {
    this.#database = database
    this.#parties = parties
    this.#batchesOfIds = database.prepare('SELECT DISTINCT batch FROM ledger_ids WHERE id > ? AND id < ? ORDER BY batch')
    this.#readBatch = database.prepare('SELECT entries FROM ledger_batches WHERE batch = ?')
    this.#bounds = database.prepare('SELECT min(batch) AS first, max(batch) AS last FROM ledger_batches')
  }

  /** A page of entries, the newest first. */
  async page(filter: EntryFilter): Promise<EntryPage> {
    const before = readCursor(filter.cursor) ?? Number.MAX_SAFE_INTEGER
    const limit = entryLimit(filter.limit)
    const found: { readonly position: number; readonly entry: LedgerEntry }[] = []
    for await (const { batch, entries } of this.#downwards(filter, Math.floor(before / MOST_IN_BATCH))) {
      for (let index = entries.length - 1; index >= 0 && found.length <= limit; index--) {
        const [entry, position] = [entries[index]!, batch * MOST_IN_BATCH + index]
        if (position < before && isWanted(entry, filter)) found.push({ position, entry })
      }
      if (found.length > limit) break
    }
    const last = found.length > limit ? found[limit - 1] : undefined
    return {
      entries: found.slice(0, limit).map(({ entry }) => entry),
      next: last === undefined ? undefined : writeCursor(last.position),
    }
  }

  /** Entries oldest first, some batches at a time. */
  async *upwards(filter: Filter): AsyncIterable<readonly LedgerEntry[]> {
    const { first, last } = this.#ends()
    for (let from = first; from <= last && this.#database.isOpen; from += WINDOW) {
      for (const batch of this.#fitting(filter, from, from + WINDOW - 1)) {
        const wanted = this.#read(batch).filter((entry) => isWanted(entry, filter))
        if (wanted.length > 0) yield wanted
        if (batch % UNPACKED_TOGETHER === 0) await pause()
        if (!this.#database.isOpen) return
      }
      await pause()
    }
  }

  /** Settlements, each with what has been corrected since. */
  async *settled(filter: Filter): AsyncIterable<SettledAttempt> {
    for await (const entries of this.upwards(filter)) {
      for (const entry of entries) {
        if (entry.kind !== 'settlement' && entry.kind !== 'late') continue
        const attempt = attemptOf(entry)
        const later = this.#byIds(`${attempt}/`).filter((other): other is Adjustment => other.kind === 'adjustment')
        yield { attempt, settlement: withoutId(entry), adjustments: later }
      }
    }
  }

  /** Entries whose ids begin so, in the order in which they were written. */
  #byIds(prefix: string): LedgerEntry[] {
    const batches = this.#batchesOfIds.all(prefix, `${prefix}${AFTER_ANY_ID}`).map((row) => Number(row['batch']))
    return batches.flatMap((batch) => this.#read(batch).filter(({ id }) => id.startsWith(prefix)))
  }

  /** Batches that may hold what the filter wants, from this one downwards. */
  async *#downwards(filter: EntryFilter, from: number): AsyncIterable<Batch> {
    const { request } = filter
    if (request !== undefined) {
      const batches = this.#batchesOfIds.all(`${request}.`, `${request}.${AFTER_ANY_ID}`).map((row) => Number(row['batch']))
      for (const batch of batches.toReversed()) if (batch <= from) yield { batch, entries: this.#read(batch) }
      return
    }
    const { first, last } = this.#ends()
    for (let to = Math.min(from, last); to >= first && this.#database.isOpen; to -= WINDOW) {
      for (const batch of this.#fitting(filter, to - WINDOW + 1, to).reverse()) {
        yield { batch, entries: this.#read(batch) }
        if (batch % UNPACKED_TOGETHER === 0) await pause()
        if (!this.#database.isOpen) return
      }
      await pause()
    }
  }

  #ends(): { first: number; last: number } {
    const row = this.#bounds.get()
    return { first: Number(row?.['first'] ?? 1), last: Number(row?.['last'] ?? 0) }
  }

  /** Numbers of the batches of a range in which something may fit, upwards. */
  #fitting(filter: Filter, from: number, to: number): number[] {
    const { where, values } = conditionsOf(filter)
    return this.#database
      .prepare(`SELECT batch FROM ledger_batches WHERE ${['batch BETWEEN ? AND ?', ...where].join(' AND ')} ORDER BY batch`)
      .all(from, to, ...values)
      .map((row) => Number(row['batch']))
  }

  #read(batch: number): LedgerEntry[] {
    const packed = this.#readBatch.get(batch)?.['entries'] as Uint8Array | undefined
    return packed === undefined ? [] : unpackBatch(packed, this.#parties.partyOf).map(({ entry }) => entry)
  }
}

const pause = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

const withoutId = ({ kind: _kind, id: _id, ...settlement }: Settlement | LateSettlement): SettledAttempt['settlement'] =>
  settlement

/** What a batch must hold so that one of its entries can be wanted. */
function conditionsOf(filter: Filter): { where: string[]; values: SQLInputValue[] } {
  const where: string[] = []
  const values: SQLInputValue[] = []
  const names = PARTY_NAMES.filter((name: keyof LedgerParty) => filter[name] !== undefined)
  if (names.length > 0) {
    const parties = `SELECT party FROM ledger_parties WHERE ${names.map((name) => `${name} = ?`).join(' AND ')}`
    where.push(`EXISTS (SELECT 1 FROM json_each(contents, '$.parties') WHERE value IN (${parties}))`)
    values.push(...names.map((name) => filter[name] ?? null))
  }
  if (filter.session !== undefined) {
    where.push("EXISTS (SELECT 1 FROM json_each(contents, '$.sessions') WHERE value = ?)")
    values.push(filter.session)
  }
  if (filter.since !== undefined) {
    where.push('last_at >= ?')
    values.push(Math.floor(filter.since))
  }
  if (filter.until !== undefined) {
    where.push('first_at < ?')
    values.push(Math.floor(filter.until))
  }
  return { where, values }
}
