import type { DatabaseSync } from 'node:sqlite'
import { inTransaction } from '../sqlite-transaction.ts'
import { packBatch, unpackBatch } from './entry-batch.ts'
import type { SqliteParties } from './sqlite-parties.ts'
import { dayOf } from './time-range.ts'

/** Rows of sums deleted in one transaction: takes about 5 ms. */
const SUMS_TOGETHER = 1_000
/** Batches of entries deleted in one transaction. */
const BATCHES_TOGETHER = 4

/** Deletes what is old, in bounded transactions; whatever else waits has its turn between them. */
export class LedgerPruning {
  readonly #database: DatabaseSync
  readonly #parties: SqliteParties

  constructor(database: DatabaseSync, parties: SqliteParties) {
    this.#database = database
    this.#parties = parties
  }

  /** Entries that count before this time. */
  async entries(before: number): Promise<number> {
    // A batch that keeps some of its entries begins later afterwards.
    const select = this.#database.prepare(
      `SELECT batch, entries FROM ledger_batches WHERE first_at < ? ORDER BY first_at LIMIT ${BATCHES_TOGETHER}`,
    )
    let deleted = 0
    while (this.#database.isOpen) {
      const rows = select.all(Math.ceil(before))
      if (rows.length === 0) break
      inTransaction(this.#database, () => {
        for (const row of rows) deleted += this.#pruneBatch(Number(row['batch']), row['entries'] as Uint8Array, Math.ceil(before))
      })
      await new Promise((resolve) => setImmediate(resolve))
    }
    return deleted
  }

  /** Sums of whole days before this time, and parties that nothing refers to any more when entries go as well. */
  async rollups(before: number, entriesBefore: number | undefined): Promise<number> {
    const day = dayOf(before)
    let deleted = 0
    for (const hours of [1, 24])
      deleted += await this.#table('ledger_rollups', 'hours, start, party', `hours = ${hours} AND start < ? ORDER BY start`, day)
    deleted += await this.#table('ledger_sessions', 'session, party', 'last_hour < ? ORDER BY last_hour', day)
    const unused = Math.min(day, dayOf(entriesBefore ?? 0))
    if ((await this.#table('ledger_parties', 'party', 'used_hour < ? ORDER BY used_hour', unused)) > 0) this.#parties.forget()
    return deleted
  }

  #pruneBatch(batch: number, packed: Uint8Array, before: number): number {
    const all = unpackBatch(packed, this.#parties.partyOf)
    const kept = all.filter(({ entry }) => entry.at >= before)
    const gone = all.filter(({ entry }) => entry.at < before).map(({ entry }) => entry.id)
    this.#database.prepare('DELETE FROM ledger_ids WHERE id IN (SELECT value FROM json_each(?))').run(JSON.stringify(gone))
    if (kept.length === 0) this.#database.prepare('DELETE FROM ledger_batches WHERE batch = ?').run(batch)
    else
      this.#database
        .prepare('UPDATE ledger_batches SET first_at = ?, last_at = ?, contents = ?, entries = ? WHERE batch = ?')
        .run(...packBatch(kept), batch)
    return gone.length
  }

  async #table(table: string, key: string, oldest: string, before: number): Promise<number> {
    let deleted = 0
    while (this.#database.isOpen) {
      const { changes } = this.#database
        .prepare(`DELETE FROM ${table} WHERE (${key}) IN (SELECT ${key} FROM ${table} WHERE ${oldest} LIMIT ${SUMS_TOGETHER})`)
        .run(Math.floor(before))
      deleted += Number(changes)
      if (changes < SUMS_TOGETHER) break
      await new Promise((resolve) => setImmediate(resolve))
    }
    return deleted
  }
}
