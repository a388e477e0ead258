import type { LedgerStore } from '../../state/ledger/store.ts'
import { DAY_MS } from '../../state/ledger/time-range.ts'
import { signedUsd } from './usage-sums.ts'
import type { InvoiceLine } from './invoice-csv.ts'

/** A model on a day: what the provider charges, what the ledger says, and how far they are apart. */
export interface InvoiceComparison {
  readonly day: string
  readonly model: string
  /** Names under which the ledger has the model, where they are others. */
  readonly ledger_models?: readonly string[] | undefined
  /** Absent when the invoice does not have it. */
  readonly invoice_nanos?: number | undefined
  /** Absent when the ledger does not have it. */
  readonly ledger_nanos?: number | undefined
  /** Invoice less ledger: above 0, the provider charges more than we know of. */
  readonly difference_nanos: number
  /** Of what the ledger says; absent when it says nothing. */
  readonly difference_percent?: number | undefined
  /** Attempts whose cost the ledger does not know: the first place to look. */
  readonly unknown_cost: number
  readonly lost: number
}

/** Schema `switchback.invoice/v1`. */
export interface InvoiceReport {
  readonly schema: 'switchback.invoice/v1'
  readonly provider: string
  readonly since: string
  readonly until: string
  readonly invoice_nanos: number
  readonly ledger_nanos: number
  readonly difference_nanos: number
  readonly difference_usd: string
  readonly difference_percent?: number | undefined
  /** Furthest apart first. */
  readonly lines: readonly InvoiceComparison[]
}

interface Ours {
  readonly names: Set<string>
  nanos: number
  unknownCost: number
  lost: number
}

/**
 * Compares an invoice with the ledger, for each model and day of UTC that either has within the days of the invoice. A dated name
 * (`gpt-5-2025-08-07`) and the name without its date are the same model.
 */
export async function compareInvoice(
  store: Pick<LedgerStore, 'rollups'>,
  provider: string,
  invoice: readonly InvoiceLine[],
): Promise<InvoiceReport> {
  const days = invoice.map(({ day }) => day).sort()
  const since = Date.parse(days[0] ?? '1970-01-01')
  const until = Date.parse(days.at(-1) ?? '1970-01-01') + DAY_MS
  const ours = await ledgerLines(store, { provider, since, until })
  const theirs = new Map<string, { line: InvoiceLine; nanos: number }>()
  for (const line of invoice) {
    const key = keyOf(line)
    theirs.set(key, { line, nanos: line.nanos + (theirs.get(key)?.nanos ?? 0) })
  }
  const lines = [...new Set([...theirs.keys(), ...ours.keys()])].map((key) => compared(key, theirs.get(key), ours.get(key)))
  const [invoiced, settled] = [total(lines, 'invoice_nanos'), total(lines, 'ledger_nanos')]
  return {
    schema: 'switchback.invoice/v1',
    provider,
    since: new Date(since).toISOString(),
    until: new Date(until).toISOString(),
    invoice_nanos: invoiced,
    ledger_nanos: settled,
    difference_nanos: invoiced - settled,
    difference_usd: signedUsd(BigInt(invoiced - settled)),
    difference_percent: percent(invoiced - settled, settled),
    lines: lines.sort((left, right) => Math.abs(right.difference_nanos) - Math.abs(left.difference_nanos)),
  }
}

async function ledgerLines(
  store: Pick<LedgerStore, 'rollups'>,
  { provider, since, until }: { provider: string; since: number; until: number },
): Promise<Map<string, Ours>> {
  const rows = await store.rollups({ since, until, groupBy: ['model'], interval: 'day', filter: { provider } })
  const ours = new Map<string, Ours>()
  for (const { start = 0, names, sums } of rows) {
    const model = names.model ?? ''
    const key = keyOf({ day: new Date(start).toISOString().slice(0, 10), model })
    const found = ours.get(key) ?? { names: new Set(), nanos: 0, unknownCost: 0, lost: 0 }
    found.names.add(model)
    found.nanos += Number(sums.settled_nanos + sums.adjusted_nanos)
    found.unknownCost += Number(sums.unknown_cost)
    found.lost += Number(sums.lost)
    ours.set(key, found)
  }
  return ours
}

function compared(
  key: string,
  theirs: { line: InvoiceLine; nanos: number } | undefined,
  ours: Ours | undefined,
): InvoiceComparison {
  const [day, undated] = [key.slice(0, 10), key.slice(11)]
  const names = [...(ours?.names ?? [])]
  const model = theirs?.line.model ?? names[0] ?? undated
  const difference = (theirs?.nanos ?? 0) - (ours?.nanos ?? 0)
  return {
    day,
    model,
    ledger_models: names.length === 0 || (names.length === 1 && names[0] === model) ? undefined : names,
    invoice_nanos: theirs?.nanos,
    ledger_nanos: ours?.nanos,
    difference_nanos: difference,
    difference_percent: percent(difference, ours?.nanos ?? 0),
    unknown_cost: ours?.unknownCost ?? 0,
    lost: ours?.lost ?? 0,
  }
}

const keyOf = ({ day, model }: { readonly day: string; readonly model: string }): string =>
  `${day} ${model.toLowerCase().replace(/-(\d{8}|\d{4}-\d{2}-\d{2})$/, '')}`

const total = (lines: readonly InvoiceComparison[], name: 'invoice_nanos' | 'ledger_nanos'): number =>
  lines.reduce((sum, line) => sum + (line[name] ?? 0), 0)

const percent = (difference: number, of: number): number | undefined =>
  of === 0 ? undefined : Math.round((difference / of) * 10_000) / 100
