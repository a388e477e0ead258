import type { PriceBook } from '../../catalog/prices/price-book.ts'
import { matchesGlob } from '../../catalog/prices/matches-glob.ts'
import { settledCost } from '../../engine/ledger/settled-cost.ts'
import type { Adjustment } from '../../ir/settlement.ts'
import type { LedgerStore, SettledAttempt } from '../../state/ledger/store.ts'
import type { UsageRange } from './usage-query.ts'

export interface RepriceOptions extends UsageRange {
  readonly prices: PriceBook
  /** Host of a provider's base URL; empty when there is none. */
  readonly hostOf: (provider: string) => string
  readonly provider?: string | undefined
  /** May hold `*`. */
  readonly model?: string | undefined
  readonly dryRun: boolean
  /** Unix milliseconds. */
  readonly now: number
}

/** Schema `switchback.reprice/v1`. Counts are of attempts. */
export interface Repricing {
  readonly schema: 'switchback.reprice/v1'
  readonly dry_run: boolean
  readonly since: string
  readonly until: string
  readonly examined: number
  /** Adjustments that were appended, or would be. */
  readonly adjusted: number
  /** Of those, attempts whose cost had been unknown. */
  readonly newly_known: number
  readonly unchanged: number
  /** Without a price, or without the usage it would need. */
  readonly still_unknown: number
  readonly before_nanos: number
  readonly after_nanos: number
  readonly difference_nanos: number
}

/** Written together. */
const BATCH = 500

/**
 * Calculates what attempts cost by the price list of today, each as of its own time, and appends the differences as adjustments. Entries
 * are never changed, and doing it twice adds nothing.
 */
export async function repriceUsage(store: Pick<LedgerStore, 'settled' | 'write'>, options: RepriceOptions): Promise<Repricing> {
  const { since, until, provider, model, dryRun } = options
  const tally = { examined: 0, adjusted: 0, newly_known: 0, unchanged: 0, still_unknown: 0, before_nanos: 0, after_nanos: 0 }
  let batch: Adjustment[] = []
  for await (const attempt of store.settled({ since, until, ...(provider === undefined ? {} : { provider }) })) {
    if (model !== undefined && !matchesGlob(model, attempt.settlement.party.model)) continue
    tally.examined += 1
    const { before, adjustment, isUnknown } = reprice(attempt, options)
    tally.before_nanos += before ?? 0
    tally.after_nanos += (before ?? 0) + (adjustment?.nanos ?? 0)
    if (isUnknown) tally.still_unknown += 1
    else if (adjustment === undefined) tally.unchanged += 1
    else {
      tally.adjusted += 1
      if (adjustment.was_unknown) tally.newly_known += 1
      batch.push(adjustment)
    }
    if (batch.length < BATCH) continue
    if (!dryRun) await store.write(batch)
    batch = []
  }
  if (!dryRun && batch.length > 0) await store.write(batch)
  return {
    schema: 'switchback.reprice/v1',
    dry_run: dryRun,
    since: new Date(since).toISOString(),
    until: new Date(until).toISOString(),
    ...tally,
    difference_nanos: tally.after_nanos - tally.before_nanos,
  }
}

interface Repriced {
  /** What was known so far. */
  readonly before: number | undefined
  readonly adjustment?: Adjustment | undefined
  readonly isUnknown?: boolean
}

function reprice({ attempt, settlement, adjustments }: SettledAttempt, { prices, hostOf, now }: RepriceOptions): Repriced {
  const { nanos, usage, party, session, at } = settlement
  const corrected = sum(adjustments.map((adjustment) => adjustment.nanos))
  const before = nanos === undefined && adjustments.length === 0 ? undefined : (nanos ?? 0) + corrected
  // Without usage it cost nothing, or nobody will ever know.
  if (usage === undefined) return { before, isUnknown: before === undefined }
  const quote = prices.priceOf({ providerId: party.provider, host: hostOf(party.provider), model: party.model }, at)
  const cost = settledCost(usage, quote)
  if (cost.nanos === undefined || cost.price === undefined) return { before, isUnknown: true }
  const savedBefore = (settlement.saved_nanos ?? 0) + sum(adjustments.map((adjustment) => adjustment.saved_nanos))
  const difference = { nanos: cost.nanos - (before ?? 0), saved_nanos: (cost.saved_nanos ?? 0) - savedBefore }
  if (before !== undefined && difference.nanos === 0 && difference.saved_nanos === 0) return { before }
  const adjustment: Adjustment = {
    kind: 'adjustment',
    id: `${attempt}/${adjustments.length + 1}`,
    attempt,
    at,
    made_at: now,
    party,
    session,
    reason: 'reprice',
    ...difference,
    was_unknown: before === undefined,
    price: cost.price,
  }
  return { before, adjustment }
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
