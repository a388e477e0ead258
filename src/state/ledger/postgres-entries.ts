import {
  attemptOf,
  type Adjustment,
  type LateSettlement,
  type LedgerEntry,
  type LedgerParty,
  type Settlement,
} from '../../ir/settlement.ts'
import type { PostgresQuery, PostgresRow, PostgresValue } from '../postgres/postgres.ts'
import { storableText } from '../postgres/storable-text.ts'
import { entryLimit, readCursor, writeCursor } from './entry-cursor.ts'
import { unpackEntry, type PackedDetails } from './packed-entry.ts'
import { PARTY_NAMES, type EntryFilter, type EntryPage, type SettledAttempt } from './store.ts'

/** Entries read in one go when going through many. */
const PAGE = 500
/** Sorts after every character that an id can hold. */
const AFTER_ANY_ID = '\u{10ffff}'

const COLUMNS = `sequence, id, kind, at, session, details, ${PARTY_NAMES.join(', ')}`
const FROM = 'FROM ledger_entries JOIN ledger_parties USING (party)'

type Wanted = Omit<EntryFilter, 'limit' | 'cursor'>

/** A page of entries, the newest first. */
export async function readEntries(query: PostgresQuery, filter: EntryFilter): Promise<EntryPage> {
  const values: PostgresValue[] = []
  const where = conditionsOf(filter, values)
  const before = readCursor(filter.cursor)
  if (before !== undefined) where.push(`sequence < $${values.push(before)}`)
  const limit = entryLimit(filter.limit)
  const rows = await query(
    `SELECT ${COLUMNS} ${FROM} WHERE ${['true', ...where].join(' AND ')} ORDER BY sequence DESC LIMIT ${limit + 1}`,
    values,
  )
  const last = rows.length > limit ? rows[limit - 1] : undefined
  return {
    entries: rows.slice(0, limit).map(entryOf),
    next: last === undefined ? undefined : writeCursor(Number(last['sequence'])),
  }
}

/** Entries oldest first, in pages. */
export async function* pagesOf(query: PostgresQuery, filter: Wanted): AsyncIterable<readonly LedgerEntry[]> {
  const values: PostgresValue[] = [0]
  const where = ['sequence > $1', ...conditionsOf(filter, values)].join(' AND ')
  for (;;) {
    const rows = await query(`SELECT ${COLUMNS} ${FROM} WHERE ${where} ORDER BY sequence LIMIT ${PAGE}`, values)
    if (rows.length > 0) yield rows.map(entryOf)
    const last = rows.at(-1)
    if (last === undefined || rows.length < PAGE) return
    values[0] = Number(last['sequence'])
  }
}

/** Settlements, each with what has been corrected since. */
export async function* settledOf(query: PostgresQuery, filter: Wanted): AsyncIterable<SettledAttempt> {
  for await (const entries of pagesOf(query, filter)) {
    const settlements = entries.filter((entry) => entry.kind === 'settlement' || entry.kind === 'late')
    const adjustments = await adjustmentsOf(query, settlements.map(attemptOf))
    for (const entry of settlements) {
      const attempt = attemptOf(entry)
      yield { attempt, settlement: withoutId(entry), adjustments: adjustments.get(attempt) ?? [] }
    }
  }
}

async function adjustmentsOf(query: PostgresQuery, attempts: readonly string[]): Promise<ReadonlyMap<string, Adjustment[]>> {
  if (attempts.length === 0) return new Map()
  const rows = await query(
    `SELECT ${COLUMNS} FROM jsonb_array_elements_text($1::text::jsonb) AS wanted(attempt)
     JOIN ledger_entries ON id > attempt || '/' AND id < attempt || '/' || $2 JOIN ledger_parties USING (party)
     WHERE kind = 'adjustment' ORDER BY sequence`,
    [JSON.stringify([...new Set(attempts)]), AFTER_ANY_ID],
  )
  const found = rows.map(entryOf).filter((entry): entry is Adjustment => entry.kind === 'adjustment')
  return Map.groupBy(found, ({ attempt }) => attempt as string)
}

const withoutId = ({ kind: _kind, id: _id, ...settlement }: Settlement | LateSettlement): SettledAttempt['settlement'] =>
  settlement

function entryOf(row: PostgresRow): LedgerEntry {
  const party = Object.fromEntries(PARTY_NAMES.map((name) => [name, row[name] ?? undefined])) as unknown as LedgerParty
  const columns = {
    kind: row['kind'] as LedgerEntry['kind'],
    id: String(row['id']),
    at: Number(row['at']),
    party,
    session: typeof row['session'] === 'string' ? row['session'] : undefined,
  }
  return unpackEntry(columns, JSON.parse(String(row['details'])) as PackedDetails)
}

function conditionsOf(filter: Wanted, values: PostgresValue[]): string[] {
  const bind = (value: PostgresValue): string => `$${values.push(value)}`
  const where = [...PARTY_NAMES, 'session' as const].flatMap((name) => {
    const value = filter[name]
    return value === undefined ? [] : [`${name} = ${bind(storableText(value))}`]
  })
  if (filter.since !== undefined) where.push(`at >= ${bind(Math.floor(filter.since))}`)
  if (filter.until !== undefined) where.push(`at < ${bind(Math.floor(filter.until))}`)
  if (filter.request !== undefined) {
    const request = storableText(filter.request)
    where.push(`id > ${bind(`${request}.`)}`, `id < ${bind(`${request}.${AFTER_ANY_ID}`)}`)
  }
  return where
}
