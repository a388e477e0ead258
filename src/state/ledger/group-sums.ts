import { GatewayError } from '../../errors/gateway-error.ts'
import { namedMeasures, noMeasures } from './measures.ts'
import type { Grouping, LedgerFilter, RollupRow } from './store.ts'

/** More groups than anybody reads, and few enough for the memory of a gateway. */
export const MOST_GROUPS = 50_000

interface Group {
  readonly start: number | undefined
  readonly names: LedgerFilter
  readonly sums: bigint[]
  firstAt: number | undefined
  lastAt: number | undefined
}

/** A piece of a sum: of one group, as far as it was read. */
export interface GroupPart {
  readonly start?: number | undefined
  /** In the order of the groupings; null where nothing is known. */
  readonly names: readonly (string | null)[]
  readonly sums: readonly bigint[]
  readonly firstAt?: number | undefined
  readonly lastAt?: number | undefined
}

/** Puts sums together that were read in pieces. */
export class GroupSums {
  readonly #groupBy: readonly Grouping[]
  readonly #groups = new Map<string, Group>()

  constructor(groupBy: readonly Grouping[]) {
    this.#groupBy = groupBy
  }

  add({ start, names, sums, firstAt, lastAt }: GroupPart): void {
    const key = JSON.stringify([start, names])
    let group = this.#groups.get(key)
    if (group === undefined) {
      if (this.#groups.size >= MOST_GROUPS) throw tooManyGroups()
      group = { start, names: this.#named(names), sums: noMeasures(), firstAt, lastAt }
      this.#groups.set(key, group)
    }
    for (let index = 0; index < group.sums.length; index++) group.sums[index]! += sums[index] ?? 0n
    if (firstAt !== undefined && group.firstAt !== undefined) group.firstAt = Math.min(group.firstAt, firstAt)
    if (lastAt !== undefined && group.lastAt !== undefined) group.lastAt = Math.max(group.lastAt, lastAt)
  }

  /** By time, then in the order of the names. */
  get rows(): RollupRow[] {
    return [...this.#groups.entries()]
      .sort(([leftKey, left], [rightKey, right]) => (left.start ?? 0) - (right.start ?? 0) || (leftKey < rightKey ? -1 : 1))
      .map(([, { start, names, sums, firstAt, lastAt }]) => ({ start, names, sums: namedMeasures(sums), firstAt, lastAt }))
  }

  #named(names: readonly (string | null)[]): LedgerFilter {
    return Object.fromEntries(
      this.#groupBy.flatMap((grouping, index) => {
        const name = names[index] ?? null
        return name === null ? [] : [[grouping, name]]
      }),
    )
  }
}

const tooManyGroups = (): GatewayError =>
  new GatewayError(
    'invalid_body',
    `The report would have more than ${MOST_GROUPS} groups. Narrow it by time or by a filter, or group it by less.`,
    { param: 'group_by' },
  )
