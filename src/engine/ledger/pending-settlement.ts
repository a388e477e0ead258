import type { PriceQuote } from '../../catalog/prices/price-book.ts'
import { usdToNearestNano } from '../../catalog/prices/usd.ts'
import type { LedgerParty, SettledCost, SettledUsage, Settlement } from '../../ir/settlement.ts'
import type { Usage } from '../../ir/usage.ts'
import type { PendingEntry } from '../../state/ledger/store.ts'
import type { EndedAttempt } from './ended-attempt.ts'
import { settledCost } from './settled-cost.ts'

type QuoteOf = (attempt: EndedAttempt, at: number) => PriceQuote | undefined

/** An attempt on its way into the ledger. What it cost is calculated when the entry is first read, several at a time. */
export class PendingSettlement implements PendingEntry {
  private attempt: EndedAttempt | undefined
  private readonly at: number
  private readonly quoteOf: QuoteOf
  private made: Settlement | undefined = undefined

  /** `at` is when it ended, in Unix milliseconds. */
  constructor(attempt: EndedAttempt, at: number, quoteOf: QuoteOf) {
    this.attempt = attempt
    this.at = at
    this.quoteOf = quoteOf
  }

  get entry(): Settlement {
    if (this.attempt !== undefined) this.made = settle(this.attempt, this.at, this.quoteOf(this.attempt, this.at))
    this.attempt = undefined
    return this.made!
  }
}

/** The settlement of an attempt by a price; without one the cost is unknown. */
export function settle(attempt: EndedAttempt, at: number, quote: PriceQuote | undefined): Settlement {
  const { id, facts, sessionId, purpose, outcome, errorCode, cancelledBecause, streamed, latencyMs } = attempt
  const usage = facts?.usage
  const isFree = usage === undefined && wasNotCharged(attempt)
  const cost: SettledCost = isFree ? { nanos: 0 } : usage === undefined ? {} : settledCost(usage, quote)
  return {
    kind: 'settlement',
    id,
    at,
    party: partyOf(attempt),
    session: sessionId,
    purpose,
    outcome,
    error_code: errorCode,
    cancelled_because: cancelledBecause,
    streamed,
    latency_ms: Math.round(latencyMs * 1000) / 1000,
    usage: usage === undefined ? undefined : counted(usage),
    complete: isFree || outcome === 'success' || facts?.ended === true,
    nanos: cost.nanos,
    price: cost.price,
    lines: cost.lines,
    saved_nanos: cost.saved_nanos,
    provider_nanos: usage?.providerCostUsd === undefined ? undefined : usdToNearestNano(usage.providerCostUsd),
  }
}

const partyOf = ({ provider, model, account, principal }: EndedAttempt): LedgerParty => ({
  provider,
  model,
  account,
  tenant: principal.tenant,
  project: principal.project,
  owner: principal.owner,
  key: principal.keyId,
})

/** Nothing went out, nobody was there, or the upstream answered with an error: providers charge for answers. */
function wasNotCharged({ outcome, wasSent, upstreamStatus, errorCode }: EndedAttempt): boolean {
  if (!wasSent || errorCode === 'upstream_connect_failed') return true
  return outcome === 'failed' && upstreamStatus !== undefined && upstreamStatus >= 400
}

/** Counts alone: the upstream's own words stay out of the ledger. */
const counted = ({ raw: _raw, iterations: _iterations, providerCostUsd: _cost, ...usage }: Usage): SettledUsage => usage
