import type { DatabaseSync, SQLInputValue, SQLOutputValue } from 'node:sqlite'
import {
  attemptOf,
  type Adjustment,
  type LateSettlement,
  type LedgerEntry,
  type LedgerParty,
  type Settlement,
} from '../../ir/settlement.ts'
import { entryLimit, readCursor, writeCursor } from './entry-cursor.ts'
import { unpackEntry } from './packed-entry.ts'
import { PARTY_NAMES, type EntryFilter, type EntryPage, type SettledAttempt } from './store.ts'

/** Entries read in one go when going through many. */
const PAGE = 500
/** Sorts after every character that an id can hold. */
const AFTER_ANY_ID = '\u{10ffff}'

const COLUMNS = `sequence, id, kind, at, session, details, ${PARTY_NAMES.join(', ')}`
const FROM = 'FROM ledger_entries JOIN ledger_parties USING (party)'

type Row = Record<string, SQLOutputValue>

/** A page of entries, the newest first. */
export function readEntries(database: DatabaseSync, filter: EntryFilter): EntryPage {
  const { where, values } = conditionsOf(filter)
  const before = readCursor(filter.cursor)
  if (before !== undefined) {
    where.push('sequence < ?')
    values.push(before)
  }
  const limit = entryLimit(filter.limit)
  const rows = database
    .prepare(`SELECT ${COLUMNS} ${FROM} WHERE ${['1', ...where].join(' AND ')} ORDER BY sequence DESC LIMIT ?`)
    .all(...values, limit + 1)
  const last = rows.length > limit ? rows[limit - 1] : undefined
  return {
    entries: rows.slice(0, limit).map(entryOf),
    next: last === undefined ? undefined : writeCursor(Number(last['sequence'])),
  }
}

/** Entries oldest first, in pages of so many. */
export async function* pagesOf(
  database: DatabaseSync,
  filter: Omit<EntryFilter, 'limit' | 'cursor'>,
): AsyncIterable<readonly LedgerEntry[]> {
  const { where, values } = conditionsOf(filter)
  const select = database.prepare(
    `SELECT ${COLUMNS} ${FROM} WHERE ${['sequence > ?', ...where].join(' AND ')} ORDER BY sequence LIMIT ${PAGE}`,
  )
  for (let after = 0; database.isOpen;) {
    const rows = select.all(after, ...values)
    if (rows.length > 0) yield rows.map(entryOf)
    const last = rows.at(-1)
    if (last === undefined || rows.length < PAGE) return
    after = Number(last['sequence'])
    // Serving goes on between the pages.
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/** Settlements, each with what has been corrected since. */
export async function* settledOf(
  database: DatabaseSync,
  filter: Omit<EntryFilter, 'limit' | 'cursor'>,
): AsyncIterable<SettledAttempt> {
  const later = database.prepare(`SELECT ${COLUMNS} ${FROM} WHERE id > ? AND id < ? ORDER BY sequence`)
  for await (const entries of pagesOf(database, filter)) {
    for (const entry of entries) {
      if (entry.kind !== 'settlement' && entry.kind !== 'late') continue
      const attempt = attemptOf(entry)
      const adjustments = later
        .all(`${attempt}/`, `${attempt}/${AFTER_ANY_ID}`)
        .map(entryOf)
        .filter((other): other is Adjustment => other.kind === 'adjustment')
      yield { attempt, settlement: withoutId(entry), adjustments }
    }
  }
}

const withoutId = ({ kind: _kind, id: _id, ...settlement }: Settlement | LateSettlement): SettledAttempt['settlement'] =>
  settlement

function entryOf(row: Row): LedgerEntry {
  const party = Object.fromEntries(PARTY_NAMES.map((name) => [name, row[name] ?? undefined])) as unknown as LedgerParty
  const columns = {
    kind: row['kind'] as LedgerEntry['kind'],
    id: String(row['id']),
    at: Number(row['at']),
    party,
    session: row['session'] === null ? undefined : String(row['session']),
  }
  return unpackEntry(columns, String(row['details']))
}

function conditionsOf(filter: Omit<EntryFilter, 'limit' | 'cursor'>): { where: string[]; values: SQLInputValue[] } {
  const where: string[] = []
  const values: SQLInputValue[] = []
  const holds = (condition: string, ...given: SQLInputValue[]): void => {
    where.push(condition)
    values.push(...given)
  }
  for (const name of [...PARTY_NAMES, 'session'] as const) if (filter[name] !== undefined) holds(`${name} = ?`, filter[name])
  if (filter.since !== undefined) holds('at >= ?', Math.floor(filter.since))
  if (filter.until !== undefined) holds('at < ?', Math.floor(filter.until))
  if (filter.request !== undefined) holds('id > ? AND id < ?', `${filter.request}.`, `${filter.request}.${AFTER_ANY_ID}`)
  return { where, values }
}
