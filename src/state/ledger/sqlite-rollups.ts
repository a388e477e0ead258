import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import { GroupSums } from './group-sums.ts'
import { MEASURES } from './measures.ts'
import { PARTY_NAMES, type Grouping, type RollupQuery, type RollupRow } from './store.ts'
import { DAY_MS, HOUR_MS, partsOf, type RangePart } from './time-range.ts'

/** Rows of sums read in one go, which takes about 3 ms; then whatever else waits has its turn. */
const BLOCK = 2_048
const SUMMED = MEASURES.map((name) => `sum(${name}) AS ${name}`).join(', ')

type Row = Record<string, unknown>

/** Reads sums from the rollups of hours and days, or of sessions. */
export async function readRollups(database: DatabaseSync, query: RollupQuery): Promise<RollupRow[]> {
  const groups = new GroupSums(query.groupBy)
  const isOfSessions = query.groupBy.includes('session') || query.filter.session !== undefined
  const sources = isOfSessions ? [sessionSource(query)] : partsOf(query, query.interval).map((part) => timeSource(query, part))
  for (const source of sources) {
    for (const row of blocksOf(database, source)) {
      for (const part of row) groups.add(partOf(part, query))
      await new Promise((resolve) => setImmediate(resolve))
      if (!database.isOpen) break
    }
  }
  return groups.rows
}

/** What is read in blocks: rows between two positions, in the order of an index. */
interface Source {
  readonly table: 'ledger_rollups' | 'ledger_sessions'
  /** Columns of the position. */
  readonly position: readonly string[]
  readonly first: readonly SQLInputValue[]
  /** Conditions on every row, and their values. */
  readonly within: readonly string[]
  readonly values: readonly SQLInputValue[]
  readonly columns: readonly string[]
  readonly groups: readonly string[]
}

function timeSource({ groupBy, interval, filter }: RollupQuery, part: RangePart): Source {
  const bucket =
    interval === undefined
      ? []
      : [`start / ${interval === 'hour' ? HOUR_MS : DAY_MS} * ${interval === 'hour' ? HOUR_MS : DAY_MS}`]
  const names = groupBy.map(nameColumn)
  return {
    table: 'ledger_rollups',
    position: ['start', 'party'],
    first: [part.since, -1],
    within: ['hours = ?', 'start < ?', ...conditions(filter)],
    values: [part.hours, part.until, ...Object.values(filter)],
    columns: [...bucket.map((text) => `${text} AS bucket`), ...names],
    groups: [...bucket, ...groupBy],
  }
}

function sessionSource({ groupBy, filter, since, until }: RollupQuery): Source {
  return {
    table: 'ledger_sessions',
    position: ['last_hour', 'session', 'party'],
    first: [Math.floor(since / HOUR_MS) * HOUR_MS, '', -1],
    within: ['first_at < ?', ...conditions(filter)],
    values: [until, ...Object.values(filter)],
    columns: ['min(first_at) AS first_at', 'max(last_at) AS last_at', ...groupBy.map(nameColumn)],
    groups: groupBy,
  }
}

const nameColumn = (grouping: Grouping): string => `${grouping} AS name_${grouping}`
const conditions = (filter: RollupQuery['filter']): string[] => Object.keys(filter).map((name) => `${columnOf(name)} = ?`)
/** Only names of the closed list become part of a statement. */
const columnOf = (name: string): string => [...PARTY_NAMES, 'session'].find((known) => known === name) ?? 'NULL'

function* blocksOf(database: DatabaseSync, source: Source): Iterable<Row[]> {
  const { table, position, first, within, values, columns, groups } = source
  const place = position.join(', ')
  const holes = position.map(() => '?').join(', ')
  // The first column says whose rows they are; without it the index could not be followed.
  const fixed = table === 'ledger_rollups' ? 'hours = ? AND ' : ''
  // Grouping by session must not make SQLite go through all sessions in their order.
  const indexed = table === 'ledger_sessions' ? `${table} INDEXED BY ledger_sessions_by_hour` : table
  const fixedValues = table === 'ledger_rollups' ? values.slice(0, 1) : []
  const end = database.prepare(
    `SELECT ${place} FROM ${indexed} WHERE ${fixed}(${place}) > (${holes}) ORDER BY ${place} LIMIT 1 OFFSET ${BLOCK - 1}`,
  )
  const select = (upTo: string): string =>
    `SELECT ${[...columns, SUMMED].join(', ')} FROM ${indexed} CROSS JOIN ledger_parties USING (party)
     WHERE ${[...within, `(${place}) > (${holes})`, upTo].join(' AND ')}${groups.length === 0 ? ' HAVING count(*) > 0' : ` GROUP BY ${groups.join(', ')}`}`
  const block = database.prepare(select(`(${place}) <= (${holes})`))
  const rest = database.prepare(select('1'))
  block.setReadBigInts(true)
  rest.setReadBigInts(true)
  for (let from = first; database.isOpen;) {
    const last = end.get(...fixedValues, ...from)
    if (last === undefined) {
      yield rest.all(...values, ...from)
      return
    }
    const to = position.map((name) => last[name] ?? null)
    yield block.all(...values, ...from, ...to)
    from = to
  }
}

const partOf = (row: Row, { groupBy }: RollupQuery): Parameters<GroupSums['add']>[0] => ({
  start: row['bucket'] === undefined ? undefined : Number(row['bucket']),
  names: groupBy.map((grouping) => row[`name_${grouping}`] as string | null),
  sums: MEASURES.map((name) => row[name] as bigint),
  firstAt: row['first_at'] === undefined ? undefined : Number(row['first_at']),
  lastAt: row['last_at'] === undefined ? undefined : Number(row['last_at']),
})
