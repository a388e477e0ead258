import { randomUUID } from 'node:crypto'
import type { Postgres, PostgresQuery } from '../postgres/postgres.ts'
import { insertBatch } from '../records/postgres.ts'
import type { UnpackRecord } from '../records/store.ts'
import { archived, type ArchivableStore, type ArchiveEntry, type ArchiveRow } from './archive.ts'
import { batchOfRow } from './batch-of-row.ts'
import { notEmpty } from './not-empty.ts'
import { ARCHIVE_PARTS, RECORD_BATCHES, type ArchivePart, type ColumnKind } from './parts.ts'

/** Longest time for taking over, or handing out, everything. */
const WHOLE_MS = 6 * 3_600_000
const ROWS_AT_A_TIME = 256

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
        const filler = new Filler(query, unpack)
        for await (const entry of entries) await filler.add(entry)
        await filler.finish()
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

const COLUMN_TYPES: Readonly<Record<ColumnKind, string>> = {
  text: 'text',
  integer: 'bigint',
  real: 'double precision',
  bytes: 'bytea',
}

/** Writes rows many at a time, in the order in which they come. */
class Filler {
  private readonly query: PostgresQuery
  private readonly unpack: UnpackRecord
  private readonly key = `import-${randomUUID()}`
  private batches = 0
  private part: ArchivePart | undefined
  private rows: ArchiveRow[] = []

  constructor(query: PostgresQuery, unpack: UnpackRecord) {
    this.query = query
    this.unpack = unpack
  }

  async add({ part, row }: ArchiveEntry): Promise<void> {
    if (part !== this.part || this.rows.length >= ROWS_AT_A_TIME) await this.write()
    this.part = part
    if (part !== RECORD_BATCHES) {
      this.rows.push(row)
      return
    }
    this.batches += 1
    await insertBatch({ query: this.query }, `${this.key}-${this.batches}`, batchOfRow(row, this.unpack))
  }

  async finish(): Promise<void> {
    await this.write()
    // Numbers that the database gives out go on after those that were taken over.
    for (const { name, numbered } of ARCHIVE_PARTS)
      if (numbered !== undefined)
        await this.query(
          `SELECT setval(pg_get_serial_sequence('${name}', '${numbered}'), coalesce(max(${numbered}), 0) + 1, false) FROM ${name}`,
        )
  }

  private async write(): Promise<void> {
    const { part, rows } = this
    if (part === undefined || rows.length === 0) return
    this.rows = []
    const names = Object.keys(part.columns).join(', ')
    const typed = Object.entries(part.columns).map(([name, kind]) => `${name} ${COLUMN_TYPES[kind]}`)
    await this.query(
      `INSERT INTO ${part.name} (${names}) SELECT ${names} FROM jsonb_to_recordset($1::text::jsonb) AS given(place integer, ${typed.join(', ')}) ORDER BY place`,
      [JSON.stringify(rows.map((row, place) => ({ place, ...row })))],
    )
  }
}
