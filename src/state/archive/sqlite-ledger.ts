import type { DatabaseSync } from 'node:sqlite'
import { batchOf, entriesIn, type PackedEntry } from '../ledger/entry-batch.ts'
import type { ArchiveRow } from './archive.ts'

/** The table in which an SQLite file keeps the entries of the ledger, many in a row. */
export const LEDGER_BATCHES = 'ledger_batches'

const ENTRIES_AT_A_TIME = 256

/** The entries of the ledger of an SQLite file, one by one, in the order in which they were written. */
export function* ledgerRows(database: DatabaseSync): Iterable<Readonly<Record<string, unknown>>> {
  for (const row of database.prepare(`SELECT entries FROM ${LEDGER_BATCHES} ORDER BY batch`).iterate())
    for (const [kind, id, at, party, session, details] of entriesIn(row['entries'] as Uint8Array))
      yield { kind, id, at, party, session, details: JSON.stringify(details) }
}

/** Puts entries of an archive into an SQLite file, many in a row. */
export class LedgerFiller {
  private readonly database: DatabaseSync
  private waiting: PackedEntry[] = []

  constructor(database: DatabaseSync) {
    this.database = database
  }

  add({ kind, id, at, party, session, details }: ArchiveRow): void {
    const packed = [kind, id, at, party, session, JSON.parse(String(details))]
    this.waiting.push(packed as unknown as PackedEntry)
    if (this.waiting.length >= ENTRIES_AT_A_TIME) this.finish()
  }

  finish(): void {
    const packed = this.waiting
    if (packed.length === 0) return
    this.waiting = []
    const { lastInsertRowid: batch } = this.database
      .prepare(`INSERT INTO ${LEDGER_BATCHES} (first_at, last_at, contents, entries) VALUES (?, ?, ?, ?)`)
      .run(...batchOf(packed))
    this.database
      .prepare('INSERT INTO ledger_ids (id, batch) SELECT value, ? FROM json_each(?)')
      .run(batch, JSON.stringify(packed.map(([, id]) => id)))
  }
}
