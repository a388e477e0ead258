import { randomUUID } from 'node:crypto'
import type { Postgres, PostgresQuery } from '../postgres/postgres.ts'
import { insertBatch } from '../records/postgres.ts'
import type { UnpackRecord } from '../records/store.ts'
import { archived, unarchived, type ArchivableStore, type ArchiveEntry } from './archive.ts'
import { batchOfRow } from './batch-of-row.ts'
import { ARCHIVE_PARTS, RECORD_BATCHES, type ArchivePart } from './parts.ts'
import { notEmpty } from './sqlite.ts'

/** Longest time for taking over, or handing out, everything. */
const WHOLE_MS = 6 * 3_600_000
const ROWS_AT_A_TIME = 64

/** A PostgreSQL database, brought to the newest schema before, as a whole. Closing it lets go of the database. */
export function createPostgresArchive(database: Postgres, unpack: UnpackRecord): ArchivableStore {
  return {
    name: `The ${database.name}`,
    read: (take) =>
      database.transaction(async (query) => {
        // All of it as it is now, whatever is written meanwhile.
        await query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY')
        for (const part of ARCHIVE_PARTS)
          for await (const row of rowsOf(query, part)) await take({ part, row: archived(part, row) })
      }, WHOLE_MS),
    fill: (entries) =>
      database.transaction(async (query) => {
        for (const part of ARCHIVE_PARTS) {
          await query(`LOCK TABLE ${part.name} IN EXCLUSIVE MODE`)
          if ((await query(`SELECT 1 FROM ${part.name} LIMIT 1`)).length > 0) throw notEmpty(`The ${database.name}`, part)
        }
        const key = `import-${randomUUID()}`
        let index = 0
        for await (const entry of entries) await insert(query, entry, { unpack, key: `${key}-${(index += 1)}` })
      }, WHOLE_MS),
    close: () => database.close(),
  }
}

async function* rowsOf(query: PostgresQuery, part: ArchivePart): AsyncIterable<Readonly<Record<string, unknown>>> {
  await query(
    `DECLARE ${part.name}_rows NO SCROLL CURSOR FOR SELECT ${Object.keys(part.columns).join(', ')} FROM ${part.name} ORDER BY ${part.order.join(', ')}`,
  )
  for (;;) {
    const rows = await query(`FETCH ${ROWS_AT_A_TIME} FROM ${part.name}_rows`)
    yield* rows
    if (rows.length < ROWS_AT_A_TIME) return
  }
}

async function insert(
  query: PostgresQuery,
  { part, row }: ArchiveEntry,
  { unpack, key }: { readonly unpack: UnpackRecord; readonly key: string },
): Promise<void> {
  if (part === RECORD_BATCHES) return insertBatch({ query }, key, batchOfRow(row, unpack))
  const names = Object.keys(part.columns)
  await query(
    `INSERT INTO ${part.name} (${names.join(', ')}) VALUES (${names.map((_name, index) => `$${index + 1}`).join(', ')})`,
    unarchived(part, row),
  )
}
