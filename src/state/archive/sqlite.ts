import type { DatabaseSync } from 'node:sqlite'
import { AUDIT_MIGRATIONS } from '../audit/migrations.ts'
import { DISABLE_MIGRATIONS } from '../disables/migrations.ts'
import { SCORECARD_MIGRATIONS } from '../health/sqlite-scorecards.ts'
import { LEDGER_MIGRATIONS } from '../ledger/migrations.ts'
import { RECORD_MIGRATIONS } from '../records/migrations.ts'
import type { UnpackRecord } from '../records/store.ts'
import { REVISION_MIGRATIONS } from '../revisions/migrations.ts'
import { ROTATED_KEY_MIGRATIONS } from '../rotated-keys/migrations.ts'
import { TENANCY_MIGRATIONS } from '../tenancy/migrations.ts'
import { knownVersion, openSqliteDatabase } from '../sqlite-database.ts'
import { archived, unarchived, type ArchivableStore, type ArchiveEntry } from './archive.ts'
import { batchOfRow } from './batch-of-row.ts'
import { notEmpty } from './not-empty.ts'
import { ARCHIVE_PARTS, CERTIFICATIONS, LEDGER_ENTRIES, PRICES, RECORD_BATCHES, type ArchivePart } from './parts.ts'
import { LEDGER_BATCHES, LedgerFiller, ledgerRows } from './sqlite-ledger.ts'

export interface SqliteArchiveOptions {
  readonly path: string
  readonly unpack: UnpackRecord
  /** Unix ms, noted beside migrations. */
  readonly appliedAt: number
  /** For reading beside a gateway that runs. Nothing is created or migrated. */
  readonly readOnly: boolean
}

const MIGRATIONS: Readonly<Record<string, readonly string[]>> = {
  records: RECORD_MIGRATIONS,
  disables: DISABLE_MIGRATIONS,
  tenancy: TENANCY_MIGRATIONS,
  audit: AUDIT_MIGRATIONS,
  health: SCORECARD_MIGRATIONS,
  ledger: LEDGER_MIGRATIONS,
  rotated_keys: ROTATED_KEY_MIGRATIONS,
  revisions: REVISION_MIGRATIONS,
}

/** The others stand in files beside it. */
const PARTS = ARCHIVE_PARTS.filter((part) => part !== PRICES && part !== CERTIFICATIONS)

/** An SQLite file as a whole. Throws `state_unavailable` or `state_incompatible`. */
export function openSqliteArchive(options: SqliteArchiveOptions): ArchivableStore {
  const { path, appliedAt, readOnly, unpack } = options
  const [first, ...others] = Object.entries(MIGRATIONS)
  const open = ([domain, migrations]: [string, readonly string[]]): DatabaseSync =>
    openSqliteDatabase({ path, domain, migrations, appliedAt, readOnly })
  const database = open(first!)
  if (!readOnly) for (const other of others) open(other).close()
  else requireKnown(database, { path, parts: others })
  return {
    name: path,
    async read(take) {
      // All of it as it is now, whatever is written meanwhile.
      database.exec('BEGIN')
      try {
        for (const part of PARTS) for (const row of rowsOf(database, part)) await take({ part, row: archived(part, row) })
      } finally {
        database.exec('COMMIT')
      }
    },
    async fill(entries) {
      database.exec('BEGIN IMMEDIATE')
      try {
        requireEmpty(database, path)
        const ledger = new LedgerFiller(database)
        for await (const entry of entries) {
          if (entry.part === LEDGER_ENTRIES) ledger.add(entry.row)
          else insert(database, entry, unpack)
        }
        ledger.finish()
        database.exec('COMMIT')
      } catch (error) {
        database.exec('ROLLBACK')
        throw error
      }
    },
    async close() {
      if (database.isOpen) database.close()
    },
  }
}

/** What a newer program has written is not carried by halves. */
function requireKnown(
  database: DatabaseSync,
  { path, parts }: { readonly path: string; readonly parts: readonly (readonly [string, readonly string[]])[] },
): void {
  try {
    for (const [domain, migrations] of parts) knownVersion(database, { path, domain, migrations })
  } catch (error) {
    database.close()
    throw error
  }
}

function rowsOf(database: DatabaseSync, part: ArchivePart): Iterable<Readonly<Record<string, unknown>>> {
  if (!hasTable(database, part)) return []
  if (part === LEDGER_ENTRIES) return ledgerRows(database)
  const select = database.prepare(
    `SELECT ${Object.keys(part.columns).join(', ')} FROM ${part.name} ORDER BY ${part.order.join(', ')}`,
  )
  select.setReadBigInts(true)
  return select.iterate()
}

/** A file of an earlier version may lack a part. */
const hasTable = (database: DatabaseSync, part: ArchivePart): boolean =>
  database.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?").get(tableOf(part)) !== undefined

const tableOf = (part: ArchivePart): string => (part === LEDGER_ENTRIES ? LEDGER_BATCHES : part.name)

function requireEmpty(database: DatabaseSync, path: string): void {
  for (const part of PARTS)
    if (database.prepare(`SELECT 1 FROM ${tableOf(part)} LIMIT 1`).get() !== undefined) throw notEmpty(path, part)
}

function insert(database: DatabaseSync, { part, row }: ArchiveEntry, unpack: UnpackRecord): void {
  if (part === RECORD_BATCHES) {
    database
      .prepare(
        'INSERT INTO record_batches (first_id, last_id, first_started, last_started, size, contents, records) VALUES (?, ?, ?, ?, ?, ?, ?)',
      )
      .run(...batchOfRow(row, unpack))
    return
  }
  const names = Object.keys(part.columns)
  database
    .prepare(`INSERT INTO ${part.name} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`)
    .run(...unarchived(part, row))
}
