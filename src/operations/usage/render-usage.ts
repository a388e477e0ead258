import { countWords, plural, safeText } from '../story-words.ts'
import type { InvoiceReport } from './compare-invoice.ts'
import type { Reconciliation } from './reconcile-usage.ts'
import type { Repricing } from './reprice-usage.ts'
import type { UsageEvents } from './usage-events.ts'
import type { UsageGroup, UsageReport } from './usage-report.ts'
import { signedUsd, type UsageSums } from './usage-sums.ts'

type Table = readonly (readonly string[])[]

/** A report as a table, the totals in its last line. */
export function renderUsage(report: UsageReport): string {
  const { group_by: names, groups = [], series, totals, since, until, groups_left_out: leftOut } = report
  const lines: readonly (UsageGroup & { readonly start?: string })[] = series ?? groups
  const place = [...(series === undefined ? [] : ['start']), ...names]
  const head = [...place.map((name) => name.toUpperCase()), ...SUM_TITLES]
  const rows = lines.map((line) => [...place.map((name) => placeCell(line, name)), ...sumCells(line)])
  const total = [...place.map((_name, index) => (index === 0 ? 'TOTAL' : '')), ...sumCells(totals)]
  const notes = [
    ...(leftOut === undefined ? [] : [`${plural(leftOut, 'cheaper group')} left out; --limit shows more.`]),
    ...(totals.unknown_cost > 0
      ? [
          `The cost of ${plural(totals.unknown_cost, 'attempt')} is not known. "switchback usage reprice --since 30d" tries again by today's prices.`,
        ]
      : []),
    ...(totals.lost > 0 ? [`Of ${plural(totals.lost, 'attempt')} only the reservation is known.`] : []),
  ]
  return [`Usage from ${since} to ${until}`, ...tableOf([head, ...rows, total]), ...notes].join('\n')
}

const SUM_TITLES = ['REQUESTS', 'ATTEMPTS', 'INPUT', 'CACHED', 'OUTPUT', 'COST', 'SAVED']

const sumCells = (sums: UsageSums): string[] => [
  countWords(sums.requests),
  countWords(sums.attempts),
  countWords(sums.input_tokens),
  sums.cache_read_share === undefined ? '-' : `${Math.round(sums.cache_read_share * 1000) / 10} %`,
  countWords(sums.output_tokens),
  `${sums.unknown_cost > 0 ? '≥ ' : ''}$${sums.cost_usd}`,
  `$${sums.cache_savings_usd}`,
]

function placeCell(line: UsageGroup & { readonly start?: string }, name: string): string {
  const value = line[name as keyof typeof line]
  return value === undefined ? '-' : safeText(String(value))
}

/** Entries, one a line. */
export function renderEvents({ events, next }: UsageEvents): string {
  if (events.length === 0)
    return 'No entry fits. Names are taken as they stand; a request by its whole id, as "switchback explain" shows it.'
  const rows = events.map((event) => [
    String(event['at']),
    safeText(event.id),
    event.kind,
    safeText(`${String(event['provider'])}/${String(event['model'])}`),
    wordOf(event['outcome'] ?? event['reason']),
    event['nanos'] === undefined ? 'unknown' : `$${signed(Number(event['nanos']))}`,
  ])
  const table = tableOf([['AT', 'ID', 'KIND', 'TARGET', 'OUTCOME', 'COST'], ...rows])
  return [...table, ...(next === undefined ? [] : [`More with --cursor ${next}`])].join('\n')
}

const wordOf = (value: unknown): string => (typeof value === 'string' ? value : '-')

/** Whether the ledger can be billed, and what stands against it. */
export function renderReconciliation({ status, since, until, entries, rollups, issues, durability }: Reconciliation): string {
  const verdict =
    status === 'ok'
      ? 'The ledger is fit for billing.'
      : status === 'degraded'
        ? 'The ledger is not complete.'
        : 'The ledger contradicts itself.'
  return [
    `${verdict} (${status})`,
    `From ${since} to ${until}: ${plural(entries.attempts, 'attempt')} cost $${entries.cost_usd}, the sums say $${rollups.cost_usd}.`,
    ...(durability === undefined
      ? []
      : [
          `This process: ${durability.status}; ${countWords(durability.persisted_writes + durability.memory_writes)} written, ${countWords(durability.duplicate_ignored_writes)} there already, ${countWords(durability.spooled)} in the local file, ${countWords(durability.dropped_writes)} gone.`,
        ]),
    ...issues.map(({ code, message }) => `${code}: ${message}`),
  ].join('\n')
}

export function renderRepricing(result: Repricing): string {
  const { dry_run: dry, examined, adjusted, newly_known, still_unknown, difference_nanos } = result
  return [
    `${plural(examined, 'attempt')} from ${result.since} to ${result.until}: ${countWords(adjusted)} ${dry ? 'would be' : 'were'} adjusted by $${signed(difference_nanos)} in all.`,
    `${countWords(newly_known)} had no known cost before; ${countWords(still_unknown)} still have none.`,
    ...(dry ? ['Nothing was written. Without --dry-run the adjustments are appended.'] : []),
  ].join('\n')
}

/** Most lines shown of an invoice. */
const MOST_LINES = 50

/** An invoice beside the ledger, the largest differences first. */
export function renderInvoice(report: InvoiceReport): string {
  const { provider, since, until, invoice_nanos, ledger_nanos, difference_usd, difference_percent: percent, lines } = report
  const rows = lines
    .slice(0, MOST_LINES)
    .map((line) => [
      line.day,
      safeText(line.model),
      line.invoice_nanos === undefined ? '-' : `$${signed(line.invoice_nanos)}`,
      line.ledger_nanos === undefined ? '-' : `$${signed(line.ledger_nanos)}`,
      `$${signed(line.difference_nanos)}`,
      line.difference_percent === undefined ? '-' : `${line.difference_percent} %`,
      [line.unknown_cost > 0 ? `${line.unknown_cost} of unknown cost` : '', line.lost > 0 ? `${line.lost} lost` : '']
        .filter((note) => note !== '')
        .join(', '),
    ])
  const isUnknown = lines.every((line) => line.ledger_nanos === undefined)
  return [
    `${safeText(provider)} from ${since} to ${until}: invoice $${signed(invoice_nanos)}, ledger $${signed(ledger_nanos)}, difference $${difference_usd}${percent === undefined ? '' : ` (${percent} %)`}`,
    ...tableOf([['DAY', 'MODEL', 'INVOICE', 'LEDGER', 'DIFFERENCE', '%', ''], ...rows]),
    ...(isUnknown
      ? [`The ledger has nothing of ${safeText(provider)} on these days. "switchback usage --by provider" lists what it has.`]
      : []),
    ...(lines.length > MOST_LINES
      ? [`${plural(lines.length - MOST_LINES, 'smaller difference')} left out; --json shows all.`]
      : []),
  ].join('\n')
}

const signed = (nanos: number): string => signedUsd(BigInt(nanos))

function tableOf(rows: Table): string[] {
  const widths = (rows[0] ?? []).map((_cell, index) => Math.max(...rows.map((row) => row[index]?.length ?? 0)))
  return rows.map((row) =>
    row
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}
