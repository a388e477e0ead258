import type { LedgerStore } from '../../state/ledger/store.ts'
import { DAY_MS, HOUR_MS, hourOf } from '../../state/ledger/time-range.ts'
import { usageSums, type UsageSums } from '../usage/usage-sums.ts'

/** What a key spent in an hour, as the ledger has it. */
export type HourOfSpending = Pick<UsageSums, 'requests' | 'cost_nanos' | 'cost_usd' | 'unknown_cost'> & {
  /** Unix milliseconds of its beginning. */
  readonly from: number
}

/** The hours of the last day in which a call of the key was settled, oldest first. `now` in Unix ms. Rejects with `state_unavailable`. */
export async function keySpend(
  ledger: Pick<LedgerStore, 'rollups'>,
  keyId: string,
  now: number,
): Promise<readonly HourOfSpending[]> {
  const range = { since: hourOf(now - DAY_MS), until: hourOf(now) + HOUR_MS }
  const rows = await ledger.rollups({ ...range, groupBy: [], interval: 'hour', filter: { key: keyId } })
  return rows
    .map(({ start = 0, sums }) => {
      const { requests, cost_nanos, cost_usd, unknown_cost } = usageSums(sums)
      return { from: start, requests, cost_nanos, cost_usd, unknown_cost }
    })
    .sort((left, right) => left.from - right.from)
}
