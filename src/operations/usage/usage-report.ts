import type { Measures } from '../../state/ledger/measures.ts'
import type { Grouping, LedgerDurability, LedgerFilter, LedgerStore, RollupRow } from '../../state/ledger/store.ts'
import type { UsageQuery } from './usage-query.ts'
import { addMeasures, usageSums, type UsageSums } from './usage-sums.ts'

/** A line of a report: the names of its group, and its sums. */
export type UsageGroup = LedgerFilter &
  UsageSums & { readonly first_at?: string | undefined; readonly last_at?: string | undefined }

/** Schema `switchback.usage/v1`. Times are ISO 8601; both ends are whole hours of UTC. */
export interface UsageReport {
  readonly schema: 'switchback.usage/v1'
  readonly since: string
  /** Not included. */
  readonly until: string
  readonly group_by: readonly Grouping[]
  readonly interval?: 'hour' | 'day' | undefined
  /** What was filtered by, the caller's own bounds included. */
  readonly filter: LedgerFilter
  readonly totals: UsageSums
  /** Dearest first. */
  readonly groups?: readonly UsageGroup[] | undefined
  /** Groups left out by `limit`. */
  readonly groups_left_out?: number | undefined
  /** By time, then by name. */
  readonly series?: readonly (UsageGroup & { readonly start: string })[] | undefined
  readonly durability?: LedgerDurability['status'] | undefined
}

/** Sums what the ledger holds. */
export async function usageReport(
  store: Pick<LedgerStore, 'rollups'>,
  query: UsageQuery,
  durability?: LedgerDurability['status'],
): Promise<UsageReport> {
  const { since, until, groupBy, interval, filter, limit } = query
  const rows = await store.rollups({ since, until, groupBy, interval, filter })
  const groups = groupBy.length === 0 ? [] : dearestFirst(interval === undefined ? rows : overTime(rows))
  return {
    schema: 'switchback.usage/v1',
    since: iso(since),
    until: iso(until),
    group_by: groupBy,
    interval,
    filter,
    totals: usageSums(addMeasures(rows.map(({ sums }) => sums))),
    groups: groupBy.length === 0 ? undefined : groups.slice(0, limit).map(groupOf),
    groups_left_out: groups.length > limit ? groups.length - limit : undefined,
    series: interval === undefined ? undefined : rows.map((row) => ({ start: iso(row.start ?? 0), ...groupOf(row) })),
    durability,
  }
}

const iso = (at: number): string => new Date(at).toISOString()

const groupOf = ({ names, sums, firstAt, lastAt }: RollupRow): UsageGroup => ({
  ...names,
  ...usageSums(sums),
  ...(firstAt === undefined ? {} : { first_at: iso(firstAt) }),
  ...(lastAt === undefined ? {} : { last_at: iso(lastAt) }),
})

/** The rows of a series without their times. */
function overTime(rows: readonly RollupRow[]): RollupRow[] {
  const byNames = Map.groupBy(rows, ({ names }) => JSON.stringify(names))
  return [...byNames.values()].map((same) => ({ names: same[0]?.names ?? {}, sums: addMeasures(same.map(({ sums }) => sums)) }))
}

const costOf = ({ settled_nanos, adjusted_nanos }: Measures): bigint => settled_nanos + adjusted_nanos

function dearestFirst(rows: readonly RollupRow[]): RollupRow[] {
  return [...rows].sort(({ sums: left }, { sums: right }) => {
    const [dearer, cheaper] = [costOf(right) - costOf(left), right.attempts - left.attempts]
    const order = dearer === 0n ? cheaper : dearer
    return order > 0n ? 1 : order < 0n ? -1 : 0
  })
}
