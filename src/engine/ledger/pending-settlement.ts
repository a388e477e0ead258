import type { PriceQuote } from '../../catalog/prices/price-book.ts'
import { usdToNearestNano } from '../../catalog/prices/usd.ts'
import type { AttemptRecord } from '../../ir/record.ts'
import type { SettledCost, SettledUsage, Settlement } from '../../ir/settlement.ts'
import type { Usage } from '../../ir/usage.ts'
import type { PendingEntry } from '../../state/ledger/store.ts'
import type { EndedAttempt } from './ended-attempt.ts'
import { partyOf } from './party-of.ts'
import { settledCost } from './settled-cost.ts'

/** Must not throw. */
export type SettledListener = (settlement: Settlement, attempt: EndedAttempt) => void

export interface SettlementParts {
  readonly quoteOf: (attempt: EndedAttempt, at: number) => PriceQuote | undefined
  /** Told of the settlement when it is made. */
  readonly settled?: SettledListener | undefined
}

/** An attempt on its way into the ledger. What it cost is calculated when the entry is first read, several at a time. */
export class PendingSettlement implements PendingEntry {
  private attempt: EndedAttempt | undefined
  private readonly at: number
  private readonly parts: SettlementParts
  private made: Settlement | undefined = undefined

  /** `at` is when it ended, in Unix milliseconds. */
  constructor(attempt: EndedAttempt, at: number, parts: SettlementParts) {
    this.attempt = attempt
    this.at = at
    this.parts = parts
  }

  get entry(): Settlement {
    const { attempt, parts, at } = this
    if (attempt !== undefined) {
      this.attempt = undefined
      this.made = settle(attempt, at, parts.quoteOf(attempt, at))
      parts.settled?.(this.made, attempt)
    }
    return this.made!
  }
}

/** The settlement of an attempt by a price; without one the cost is unknown. */
function settle(attempt: EndedAttempt, at: number, quote: PriceQuote | undefined): Settlement {
  const { id, record, sessionId, purpose, streamed } = attempt
  const { usage, usage_known: known } = record
  const cost = costOf(record, quote)
  return {
    kind: 'settlement',
    id,
    at,
    party: partyOf({ provider: record.provider_id, model: record.model, account: record.account_id }, attempt.principal),
    session: sessionId,
    purpose,
    outcome: record.outcome,
    error_code: record.error_code,
    cancelled_because: record.cancelled_because,
    streamed,
    latency_ms: record.latency_ms,
    usage: usage === undefined ? undefined : counted(usage),
    complete: known === 'whole' || known === 'unused',
    nanos: cost.nanos,
    price: cost.price,
    lines: cost.lines,
    saved_nanos: cost.saved_nanos,
    provider_nanos: usage?.providerCostUsd === undefined ? undefined : usdToNearestNano(usage.providerCostUsd),
  }
}

/** Providers charge for answers: what was plainly refused or never sent is free. */
function costOf({ usage, usage_known: known }: AttemptRecord, quote: PriceQuote | undefined): SettledCost {
  if (known === 'unused') return { nanos: 0 }
  return usage === undefined ? {} : settledCost(usage, quote)
}

/** Counts alone: the upstream's own words stay out of the ledger. */
const counted = ({ raw: _raw, iterations: _iterations, providerCostUsd: _cost, ...usage }: Usage): SettledUsage => usage
