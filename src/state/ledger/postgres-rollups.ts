import type { PostgresQuery, PostgresValue } from '../postgres/postgres.ts'
import { storableText } from '../postgres/storable-text.ts'
import { GroupSums, MOST_GROUPS } from './group-sums.ts'
import { MEASURES } from './measures.ts'
import { PARTY_NAMES, type RollupQuery, type RollupRow } from './store.ts'
import { DAY_MS, HOUR_MS, partsOf, type RangePart } from './time-range.ts'

const SUMMED = MEASURES.map((name) => `sum(${name}) AS ${name}`).join(', ')

interface Statement {
  readonly text: string
  readonly values: readonly PostgresValue[]
}

/** Reads sums from the rollups of hours and days, or of sessions. */
export async function readRollups(query: PostgresQuery, wanted: RollupQuery): Promise<RollupRow[]> {
  const groups = new GroupSums(wanted.groupBy)
  const isOfSessions = wanted.groupBy.includes('session') || wanted.filter.session !== undefined
  const statements = isOfSessions ? [ofSessions(wanted)] : partsOf(wanted, wanted.interval).map((part) => ofTime(wanted, part))
  for (const { text, values } of statements) {
    for (const row of await query(text, values)) {
      groups.add({
        start: row['bucket'] === undefined ? undefined : Number(row['bucket']),
        names: wanted.groupBy.map((grouping) => row[`name_${grouping}`] as string | null),
        sums: MEASURES.map((name) => BigInt(String(row[name]))),
        firstAt: row['first_at'] === undefined ? undefined : Number(row['first_at']),
        lastAt: row['last_at'] === undefined ? undefined : Number(row['last_at']),
      })
    }
  }
  return groups.rows
}

function ofTime({ groupBy, interval, filter }: RollupQuery, part: RangePart): Statement {
  const span = interval === 'hour' ? HOUR_MS : DAY_MS
  const bucket = interval === undefined ? [] : [`start / ${span} * ${span}`]
  const values: PostgresValue[] = [part.hours, part.since, part.until]
  return {
    values,
    text: grouped({
      columns: [...bucket.map((text) => `${text} AS bucket`), ...groupBy.map((name) => `${name} AS name_${name}`)],
      from: 'ledger_rollups',
      where: ['hours = $1', 'start >= $2', 'start < $3', ...conditions(filter, values)],
      groups: [...bucket, ...groupBy],
    }),
  }
}

function ofSessions({ groupBy, filter, since, until }: RollupQuery): Statement {
  const values: PostgresValue[] = [Math.floor(since / HOUR_MS) * HOUR_MS, Math.floor(until)]
  return {
    values,
    text: grouped({
      columns: ['min(first_at) AS first_at', 'max(last_at) AS last_at', ...groupBy.map((name) => `${name} AS name_${name}`)],
      from: 'ledger_sessions',
      where: ['last_hour >= $1', 'first_at < $2', ...conditions(filter, values)],
      groups: groupBy,
    }),
  }
}

/** Only names of the closed list become part of a statement. */
function conditions(filter: RollupQuery['filter'], values: PostgresValue[]): string[] {
  return [...PARTY_NAMES, 'session' as const].flatMap((name) => {
    const value = filter[name]
    return value === undefined ? [] : [`${name} = $${values.push(storableText(value))}`]
  })
}

interface Grouped {
  readonly columns: readonly string[]
  readonly from: string
  readonly where: readonly string[]
  readonly groups: readonly string[]
}

function grouped({ columns, from, where, groups }: Grouped): string {
  const by = groups.length === 0 ? 'HAVING count(*) > 0' : `GROUP BY ${groups.join(', ')}`
  return `SELECT ${[...columns, SUMMED].join(', ')} FROM ${from} JOIN ledger_parties USING (party) WHERE ${where.join(' AND ')} ${by} LIMIT ${MOST_GROUPS + 1}`
}
