import { GatewayError } from '../../errors/gateway-error.ts'
import type { LazyPrices } from '../../catalog/prices/lazy-prices.ts'
import { isObject } from '../../ir/json.ts'
import type { Clock } from '../../lib/clock.ts'
import type { LedgerDurability, LedgerFilter, LedgerStore } from '../../state/ledger/store.ts'
import { compareInvoice, type InvoiceReport } from './compare-invoice.ts'
import { parseInvoice } from './invoice-csv.ts'
import { reconcileUsage, type Reconciliation } from './reconcile-usage.ts'
import { repriceUsage, type Repricing } from './reprice-usage.ts'
import { usageEvents, type UsageEvents } from './usage-events.ts'
import { readEventsQuery, readFlag, readRange, readUsageQuery, refuseUnknown, type UsageParameters } from './usage-query.ts'
import { usageReport, type UsageReport } from './usage-report.ts'
import { withinScope } from './usage-scope.ts'

/** What can be asked of a ledger. Parameters are texts by name, as in a query string; bad ones throw `invalid_body`. */
export interface UsageSource {
  report(parameters: UsageParameters): Promise<UsageReport>
  events(parameters: UsageParameters): Promise<UsageEvents>
  reconcile(parameters: UsageParameters): Promise<Reconciliation>
  reprice(parameters: UsageParameters): Promise<Repricing>
  /** Of a body `{provider, csv, day_column?, model_column?, cost_column?}`. */
  compareInvoice(body: unknown): Promise<InvoiceReport>
  close(): Promise<void>
}

export interface UsageDeskOptions {
  readonly store: LedgerStore
  /** Of the process that writes; undefined when files are read without one. */
  readonly durability?: (() => LedgerDurability) | undefined
  /** Writes what waits, so that answers hold everything that has ended. */
  readonly flush?: (() => Promise<void>) | undefined
  /** Size of the local file, where no process tells. */
  readonly spoolBytes?: (() => number) | undefined
  readonly prices: Pick<LazyPrices, 'warm'>
  readonly hostOf: (provider: string) => string
  readonly clock: Pick<Clock, 'wall'>
}

const DAY_MS = 86_400_000

/** Answers questions about usage from a ledger, for the command line and for HTTP. `scope` is what the caller may see. */
export class UsageDesk {
  readonly #options: UsageDeskOptions

  constructor(options: UsageDeskOptions) {
    this.#options = options
  }

  async report(parameters: UsageParameters, scope: LedgerFilter = {}): Promise<UsageReport> {
    const { store, clock, durability } = this.#options
    const query = readUsageQuery(parameters, clock.wall())
    await this.#options.flush?.()
    return usageReport(store, { ...query, filter: withinScope(query.filter, scope) }, durability?.().status)
  }

  async events(parameters: UsageParameters, scope: LedgerFilter = {}): Promise<UsageEvents> {
    const { store, clock } = this.#options
    const filter = withinScope(readEventsQuery(parameters, clock.wall()), scope)
    await this.#options.flush?.()
    return usageEvents(store, filter)
  }

  async reconcile(parameters: UsageParameters): Promise<Reconciliation> {
    const { store, clock, durability, spoolBytes } = this.#options
    refuseUnknown(parameters, ['since', 'until'])
    const range = readRange(parameters, { now: clock.wall(), spanMs: DAY_MS })
    await this.#options.flush?.()
    return reconcileUsage(store, { ...range, durability: durability?.(), spoolBytes: spoolBytes?.() })
  }

  async reprice(parameters: UsageParameters): Promise<Repricing> {
    const { store, clock, prices, hostOf } = this.#options
    refuseUnknown(parameters, ['since', 'until', 'provider', 'model', 'dry_run'])
    const { since, provider, model } = parameters
    if (since === undefined)
      throw new GatewayError(
        'invalid_body',
        'Say from when on attempts are to be priced again: `since` (--since), such as 7d or 2026-01-31.',
        {
          param: 'since',
        },
      )
    const now = clock.wall()
    const range = readRange(parameters, { now, spanMs: 0 })
    const dryRun = readFlag(parameters, 'dry_run')
    return repriceUsage(store, { ...range, provider, model, dryRun, now, prices: await prices.warm(), hostOf })
  }

  async compareInvoice(body: unknown): Promise<InvoiceReport> {
    const text = (name: string): string | undefined => {
      const value = isObject(body) ? body[name] : undefined
      if (value === undefined || typeof value === 'string') return value
      throw new GatewayError('invalid_body', `\`${name}\` must be a text.`, { param: name })
    }
    const [provider, csv] = [text('provider'), text('csv')]
    if (provider === undefined || csv === undefined)
      throw new GatewayError(
        'invalid_body',
        'The body must hold `provider`, as the configuration names it, and `csv`, the text of the invoice.',
      )
    const columns = { day: text('day_column'), model: text('model_column'), cost: text('cost_column') }
    return compareInvoice(this.#options.store, provider, parseInvoice(csv, columns))
  }
}
