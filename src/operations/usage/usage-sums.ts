import { nanoToUsd } from '../../catalog/prices/usd.ts'
import { MEASURES, type MeasureName, type Measures } from '../../state/ledger/measures.ts'

type CountName = Exclude<MeasureName, `${string}_nanos`>

/** Sums as reports tell them. Money is in nano-dollars (1e-9 USD) and, exactly, in dollars. */
export type UsageSums = Readonly<Record<CountName, number>> & {
  /** Settled and adjusted together. */
  readonly cost_nanos: number
  readonly cost_usd: string
  readonly settled_nanos: number
  readonly adjusted_nanos: number
  /** What the providers themselves said; 0 where none says. */
  readonly provider_cost_nanos: number
  /** What prompt caches saved, less what writing them cost. */
  readonly cache_savings_nanos: number
  readonly cache_savings_usd: string
  /** Share of the input that was read from a cache; absent without input. */
  readonly cache_read_share?: number | undefined
}

const isCount = (name: MeasureName): name is CountName => !name.endsWith('_nanos')

export function usageSums(sums: Measures): UsageSums {
  const counts = Object.fromEntries(MEASURES.filter(isCount).map((name) => [name, Number(sums[name])])) as Record<
    CountName,
    number
  >
  const cost = sums.settled_nanos + sums.adjusted_nanos
  return {
    ...counts,
    cost_nanos: Number(cost),
    cost_usd: signedUsd(cost),
    settled_nanos: Number(sums.settled_nanos),
    adjusted_nanos: Number(sums.adjusted_nanos),
    provider_cost_nanos: Number(sums.provider_nanos),
    cache_savings_nanos: Number(sums.saved_nanos),
    cache_savings_usd: signedUsd(sums.saved_nanos),
    cache_read_share:
      sums.input_tokens === 0n ? undefined : Number((sums.cache_read_tokens * 10_000n) / sums.input_tokens) / 10_000,
  }
}

/** Dollars of any sum, exactly. */
export const signedUsd = (nanos: bigint): string => (nanos < 0n ? `-${nanoToUsd(-nanos)}` : nanoToUsd(nanos))

/** Sums of several rows together. */
export const addMeasures = (rows: readonly Measures[]): Measures =>
  Object.fromEntries(MEASURES.map((name) => [name, rows.reduce((sum, row) => sum + row[name], 0n)])) as Measures
