import type { PriceBook, PriceQuote } from '../../catalog/prices/price-book.ts'
import { PendingSettlement } from '../../engine/ledger/pending-settlement.ts'
import { settledCost } from '../../engine/ledger/settled-cost.ts'
import { GatewayError } from '../../errors/gateway-error.ts'
import { asRequestId, attemptIdOf, type AttemptId } from '../../ir/ids.ts'
import type { AttemptRecord } from '../../ir/record.ts'
import type { Settlement } from '../../ir/settlement.ts'
import type { Clock } from '../../lib/clock.ts'
import { openLedgerForCommand } from '../../state/ledger/open-for-command.ts'
import type { StorePlace } from '../../state/store-place.ts'
import type { ProbeBudgets } from './probe-budgets.ts'
import type { ProbeSeen } from './probe-call.ts'

export interface ProbeParty {
  readonly provider: string
  readonly model: string
  readonly account: string
  /** Of the provider's address. */
  readonly host: string
}

export interface ProbeLedgerOptions {
  readonly party: ProbeParty
  readonly prices: Pick<PriceBook, 'priceOf'>
  readonly clock: Clock
  readonly budgets: Pick<ProbeBudgets, 'charge'>
  /** Told when the budgets could not be told. */
  readonly warn: (message: string) => void
  /** Undefined for a ledger that is kept in the memory of a gateway. */
  readonly place: StorePlace | undefined
}

/** Calls of probes, as the account of costs holds them. */
export class ProbeLedger {
  private readonly options: ProbeLedgerOptions
  private readonly settlements: Settlement[] = []
  private readonly request = asRequestId(`req_${crypto.randomUUID().replaceAll('-', '')}`)

  constructor(options: ProbeLedgerOptions) {
    this.options = options
  }

  /** What the calls have cost so far, in 1e-9 USD; undefined when that of one of them is not known. */
  get nanoDollars(): number | undefined {
    let sum = 0
    for (const { nanos } of this.settlements) {
      if (nanos === undefined) return undefined
      sum += nanos
    }
    return sum
  }

  private nextId(): AttemptId {
    return attemptIdOf(this.request, this.settlements.length)
  }

  readonly note = ({ status, error, response, totalMs }: ProbeSeen, streamed: boolean): void => {
    const { party, prices, clock } = this.options
    const { host, ...names } = party
    const at = Math.floor(clock.wall())
    const { raw: _raw, iterations: _iterations, providerCostUsd: _cost, ...usage } = response.usage ?? {}
    const isRefused = status === undefined || status >= 400
    const isTold = response.usage?.inputTokens !== undefined && response.usage.outputTokens !== undefined
    const quote = prices.priceOf({ providerId: names.provider, host, model: names.model }, at)
    this.settlements.push({
      kind: 'settlement',
      id: this.nextId(),
      at,
      party: names,
      purpose: 'probe',
      outcome: error === undefined ? 'success' : 'failed',
      error_code: error?.code,
      streamed,
      latency_ms: totalMs,
      usage: isTold ? usage : undefined,
      complete: isRefused || isTold,
      ...(isRefused ? { nanos: 0 } : isTold ? settledCost(usage, quote) : {}),
    })
  }

  /** Notes an attempt that a gateway of the command made. */
  noteAttempt(record: AttemptRecord, streamed: boolean): void {
    const { party, prices, clock } = this.options
    const attempt = {
      id: this.nextId(),
      record,
      principal: { role: 'admin' },
      sessionId: undefined,
      purpose: 'probe',
      streamed,
    } as const
    const quoteOf = (): PriceQuote | undefined =>
      prices.priceOf({ providerId: record.provider_id, host: party.host, model: record.model }, clock.wall())
    this.settlements.push(new PendingSettlement(attempt, Math.floor(clock.wall()), { quoteOf }).entry)
  }

  /** Counts the calls in their budgets and writes them into the ledger. Resolves with whether there is one that could take them. */
  async keep(): Promise<boolean> {
    const { place, clock, budgets, warn } = this.options
    // First, as in gateways: a counter that is asked of the ledger must not find there what is added to it afterwards.
    await budgets.charge(this.settlements).catch((error: unknown) => {
      if (!(error instanceof GatewayError)) throw error
      warn(`What the calls have cost is not counted in the budgets of gateways: ${error.message}`)
    })
    if (place === undefined) return false
    try {
      const ledger = openLedgerForCommand(place, clock, 'write')
      if (ledger === undefined) return false
      try {
        await ledger.write(this.settlements)
      } finally {
        await ledger.close()
      }
      return true
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error
      return false
    }
  }
}
