import type { Principal } from '../../ir/principal.ts'
import type { LedgerStore } from '../../state/ledger/store.ts'
import { DAY_MS, dayOf, HOUR_MS, hourOf } from '../../state/ledger/time-range.ts'
import { usageScope } from './usage-scope.ts'
import { addMeasures, usageSums, type UsageSums } from './usage-sums.ts'

/** What a caller spent, by UTC. */
export interface CallerSpend {
  readonly this_hour: Spend
  readonly today: Spend
  /** Since the first of the month. */
  readonly this_month: Spend
}

export type Spend = Pick<
  UsageSums,
  'requests' | 'input_tokens' | 'output_tokens' | 'cost_nanos' | 'cost_usd' | 'cache_savings_nanos' | 'unknown_cost'
>

/** What the caller may see of its own spending: its owner's or its key's. `now` in Unix milliseconds. */
export async function callerSpend(store: Pick<LedgerStore, 'rollups'>, principal: Principal, now: number): Promise<CallerSpend> {
  const filter = usageScope(principal)
  const until = hourOf(now) + HOUR_MS
  const since = (start: number): Promise<Spend> =>
    store
      .rollups({ since: start, until, groupBy: [], filter })
      .then((rows) => spendOf(usageSums(addMeasures(rows.map(({ sums }) => sums)))))
  const today = dayOf(now)
  const month = today - (new Date(now).getUTCDate() - 1) * DAY_MS
  const [hour, day, whole] = await Promise.all([since(hourOf(now)), since(today), since(month)])
  return { this_hour: hour, today: day, this_month: whole }
}

const spendOf = ({
  requests,
  input_tokens,
  output_tokens,
  cost_nanos,
  cost_usd,
  cache_savings_nanos,
  unknown_cost,
}: UsageSums): Spend => ({
  requests,
  input_tokens,
  output_tokens,
  cost_nanos,
  cost_usd,
  cache_savings_nanos,
  unknown_cost,
})
