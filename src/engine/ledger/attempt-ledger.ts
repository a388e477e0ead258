import type { LazyPrices } from '../../catalog/prices/lazy-prices.ts'
import type { PriceQuote } from '../../catalog/prices/price-book.ts'
import { asProviderId, type ProviderId } from '../../ir/ids.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Ledger } from '../../state/ledger/store.ts'
import type { OpenAttempts } from '../../state/open-attempts/store.ts'
import { lossOf, type BegunAttempt } from './begun-attempt.ts'
import type { EndedAttempt } from './ended-attempt.ts'
import { PendingSettlement, type SettledListener } from './pending-settlement.ts'

/** Where the engine accounts for what attempts used. */
export interface AttemptLedger extends Pick<Ledger, 'required' | 'isKeeping' | 'durable' | 'postCommitFailed'> {
  /** Takes note of an attempt that holds something and is about to be sent, in case nothing is heard of it again. */
  attemptBegan(attempt: BegunAttempt, heldNanos: number | undefined): void
  /** Takes note of an attempt that has ended, once. What it cost is found out later, off the way of the answer. */
  attemptEnded(attempt: EndedAttempt): void
}

export interface AttemptLedgerOptions {
  readonly ledger: Ledger
  /** Where attempts under way are noted; undefined where nothing outlives the process. */
  readonly openAttempts?: Pick<OpenAttempts, 'begun'> | undefined
  readonly prices: Pick<LazyPrices, 'book'>
  /** Host of a provider's base URL; empty when there is none. */
  readonly hostOf: (provider: ProviderId) => string
  readonly clock: Pick<Clock, 'wall'>
  /** Told of each settlement when it is made. */
  readonly settled?: SettledListener | undefined
}

/** Settles attempts by the prices in force when they end. */
export function createAttemptLedger(options: AttemptLedgerOptions): AttemptLedger {
  const { ledger, openAttempts, prices, hostOf, clock, settled } = options
  const quoteOf = ({ record: { provider_id: providerId, model } }: EndedAttempt, at: number): PriceQuote | undefined =>
    prices.book?.priceOf({ providerId, host: hostOf(asProviderId(providerId)), model }, at)
  return {
    required: ledger.required,
    get isKeeping() {
      return ledger.isKeeping
    },
    durable: () => ledger.durable(),
    postCommitFailed: () => ledger.postCommitFailed(),
    attemptBegan: (attempt, heldNanos) => openAttempts?.begun(lossOf(attempt, clock.wall(), heldNanos)),
    attemptEnded: (attempt) => ledger.append(new PendingSettlement(attempt, clock.wall(), { quoteOf, settled })),
  }
}
