import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { asLate, type LedgerEntry, type LostAttempt } from '../../ir/settlement.ts'
import { inTransaction } from '../sqlite-transaction.ts'
import { BatchSums } from './batch-sums.ts'
import { packBatch, unpackBatch, type NumberedEntry } from './entry-batch.ts'
import { MEASURES, measuresOf } from './measures.ts'
import type { SqliteParties } from './sqlite-parties.ts'
import type { WriteOutcome } from './store.ts'
import { hourOf } from './time-range.ts'

const SUMS = MEASURES.join(', ')
const HOLES = MEASURES.map(() => '?').join(', ')
const ADDED = MEASURES.map((name) => `${name} = ${name} + excluded.${name}`).join(', ')

/** Writes batches of entries together with their ids and sums. */
export class LedgerWrites {
  readonly #database: DatabaseSync
  readonly #parties: SqliteParties
  readonly #known: StatementSync
  readonly #insertBatch: StatementSync
  readonly #insertIds: StatementSync
  readonly #readBatch: StatementSync
  readonly #addRollup: StatementSync
  readonly #addSession: StatementSync

  constructor(database: DatabaseSync, parties: SqliteParties) {
    this.#database = database
    this.#parties = parties
    this.#known = database.prepare('SELECT id, batch FROM ledger_ids WHERE id IN (SELECT value FROM json_each(?))')
    this.#insertBatch = database.prepare('INSERT INTO ledger_batches (first_at, last_at, contents, entries) VALUES (?, ?, ?, ?)')
    this.#insertIds = database.prepare('INSERT INTO ledger_ids (id, batch) SELECT value, ? FROM json_each(?)')
    this.#readBatch = database.prepare('SELECT entries FROM ledger_batches WHERE batch = ?')
    this.#addRollup = database.prepare(
      `INSERT INTO ledger_rollups (hours, start, party, ${SUMS}) VALUES (?, ?, ?, ${HOLES}) ON CONFLICT DO UPDATE SET ${ADDED}`,
    )
    this.#addSession = database.prepare(
      `INSERT INTO ledger_sessions (session, party, first_at, last_at, last_hour, ${SUMS}) VALUES (?, ?, ?, ?, ?, ${HOLES})
       ON CONFLICT DO UPDATE SET first_at = min(first_at, excluded.first_at), last_at = max(last_at, excluded.last_at),
         last_hour = max(last_hour, excluded.last_hour), ${ADDED}`,
    )
  }

  /** All or nothing. */
  write(entries: readonly LedgerEntry[]): WriteOutcome {
    try {
      const written = inTransaction(this.#database, () => this.#writeAll(entries))
      return { written, duplicates: entries.length - written }
    } catch (error) {
      // What was looked up may have been written by the transaction that is no more.
      this.#parties.forget()
      throw error
    }
  }

  #writeAll(entries: readonly LedgerEntry[]): number {
    const fresh = this.#fresh(entries)
    if (fresh.length === 0) return 0
    const sums = new BatchSums()
    const numbered = fresh.map((entry): NumberedEntry => {
      const party = this.#parties.numberOf(entry.party, hourOf(entry.at))
      sums.add({ at: entry.at, party, session: entry.session }, measuresOf(entry))
      return { entry, party }
    })
    const { lastInsertRowid: batch } = this.#insertBatch.run(...packBatch(numbered))
    this.#insertIds.run(batch, JSON.stringify(fresh.map(({ id }) => id)))
    for (const { start, party, counts } of sums.hours) this.#addRollup.run(1, start, party, ...counts)
    for (const { start, party, counts } of sums.days) this.#addRollup.run(24, start, party, ...counts)
    for (const { session, party, firstAt, lastAt, counts } of sums.sessions)
      this.#addSession.run(session, party, firstAt, lastAt, hourOf(lastAt), ...counts)
    return fresh.length
  }

  /** What is new, as it is to be written: a settlement of a lost attempt becomes a late one. */
  #fresh(entries: readonly LedgerEntry[]): LedgerEntry[] {
    const stored = new Map(this.#storedIn(entries.map(({ id }) => id)))
    const fresh = new Map<string, LedgerEntry>()
    for (const entry of entries) {
      const batch = stored.get(entry.id)
      if (batch === undefined && !fresh.has(entry.id)) {
        fresh.set(entry.id, entry)
        continue
      }
      const lost = entry.kind === 'settlement' ? this.#lost(entry.id, batch, fresh) : undefined
      if (lost === undefined || entry.kind !== 'settlement') continue
      const late = asLate(entry, lost)
      if (!fresh.has(late.id) && this.#storedIn([late.id]).length === 0) fresh.set(late.id, late)
    }
    return [...fresh.values()]
  }

  /** Which of these ids there are, and in which batch. */
  #storedIn(ids: readonly string[]): [id: string, batch: number][] {
    return this.#known.all(JSON.stringify(ids)).map((row) => [String(row['id']), Number(row['batch'])])
  }

  #lost(id: string, batch: number | undefined, fresh: ReadonlyMap<string, LedgerEntry>): LostAttempt | undefined {
    const found = batch === undefined ? fresh.get(id) : this.#readEntry(id, batch)
    return found?.kind === 'lost' ? found : undefined
  }

  #readEntry(id: string, batch: number): LedgerEntry | undefined {
    const packed = this.#readBatch.get(batch)?.['entries'] as Uint8Array | undefined
    if (packed === undefined) return undefined
    return unpackBatch(packed, this.#parties.partyOf).find(({ entry }) => entry.id === id)?.entry
  }
}
