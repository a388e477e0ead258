import { DatabaseSync } from 'node:sqlite'
import { GatewayError } from '../errors/gateway-error.ts'

/** How long a statement waits for another process's lock. Short, because it waits on the event loop. */
const BUSY_TIMEOUT_MS = 100
/** Larger than SQLite's own 4 KiB: a batch of records touches fewer pages, which costs a fifth less. */
const PAGE_BYTES = 16_384
/**
 * Pages after which the log is folded back into the file, which happens on the event loop. Measured with batches of 256 records: the
 * longest pause is 6 ms with 128 pages and 28 ms with SQLite's own 1000, for the same CPU time.
 */
const CHECKPOINT_PAGES = 128

export interface SqliteDatabaseOptions {
  /** File path, or `:memory:`. */
  readonly path: string
  /** The part of the state these migrations belong to; each part has its own numbering. */
  readonly domain: string
  /** SQL by version: the first brings an empty file to version 1. Never edited once released, only appended to. */
  readonly migrations: readonly string[]
  /** Unix milliseconds, noted beside each applied migration. */
  readonly appliedAt: number
  /** For looking into the files of another process. Nothing is created or migrated. */
  readonly readOnly?: boolean | undefined
}

/**
 * Opens a database (WAL, synchronous NORMAL) and brings it to the newest version. Throws `state_incompatible` when a newer version
 * of the program has written it, and `state_unavailable` when it cannot be opened.
 */
export function openSqliteDatabase(options: SqliteDatabaseOptions): DatabaseSync {
  const database = open(options)
  try {
    const found = knownVersion(database, options)
    if (options.readOnly !== true) migrate(database, options, found)
    else if (found === 0)
      throw new GatewayError(
        'state_unavailable',
        `${options.path} holds no ${options.domain}: no Switchback that keeps them has written to it.`,
      )
    return database
  } catch (error) {
    database.close()
    throw error instanceof GatewayError ? error : unavailable(options.path, error)
  }
}

function open(options: SqliteDatabaseOptions): DatabaseSync {
  try {
    const database = new DatabaseSync(options.path, { readOnly: options.readOnly ?? false })
    database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`)
    if (options.readOnly !== true) {
      database.exec(
        `PRAGMA page_size = ${PAGE_BYTES}; PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`,
      )
      database.exec('PRAGMA synchronous = NORMAL; PRAGMA journal_size_limit = 67108864; PRAGMA foreign_keys = ON')
    }
    return database
  } catch (error) {
    throw unavailable(options.path, error)
  }
}

/** The version a part of the file has, 0 when it is not there. Throws `state_incompatible` when a newer program has written it. */
export function knownVersion(
  database: DatabaseSync,
  options: Pick<SqliteDatabaseOptions, 'path' | 'domain' | 'migrations'>,
): number {
  const found = currentVersion(database, options.domain)
  if (found > options.migrations.length) throw newerSchema(options, found)
  return found
}

function currentVersion(database: DatabaseSync, domain: string): number {
  const table = database.prepare("SELECT 1 AS found FROM sqlite_master WHERE type = 'table' AND name = 'schema_version'").get()
  if (table === undefined) return 0
  const row = database.prepare('SELECT max(version) AS version FROM schema_version WHERE domain = ?').get(domain)
  return Number(row?.['version'] ?? 0)
}

function migrate(database: DatabaseSync, options: SqliteDatabaseOptions, from: number): void {
  if (from === options.migrations.length) return
  database.exec('BEGIN IMMEDIATE')
  try {
    database.exec(
      'CREATE TABLE IF NOT EXISTS schema_version (domain TEXT NOT NULL, version INTEGER NOT NULL, applied_at INTEGER NOT NULL, PRIMARY KEY (domain, version))',
    )
    const note = database.prepare('INSERT INTO schema_version (domain, version, applied_at) VALUES (?, ?, ?)')
    options.migrations.forEach((sql, index) => {
      if (index < from) return
      database.exec(sql)
      note.run(options.domain, index + 1, options.appliedAt)
    })
    database.exec('COMMIT')
  } catch (error) {
    database.exec('ROLLBACK')
    throw error
  }
}

function newerSchema(options: Pick<SqliteDatabaseOptions, 'path' | 'domain' | 'migrations'>, found: number): GatewayError {
  return new GatewayError(
    'state_incompatible',
    `${options.path} was written by a newer Switchback (${options.domain} schema ${found}, this one knows ${options.migrations.length}). ` +
      'Run that version or a later one, or start with another --data-dir.',
  )
}

function unavailable(path: string, cause: unknown): GatewayError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new GatewayError(
    'state_unavailable',
    `The database ${path} cannot be opened: ${reason}. Check the file, its rights and the free space, or put a backup in its place.`,
    { cause },
  )
}
