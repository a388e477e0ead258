import { usdToNano, usdToNearestNano } from '../../catalog/prices/usd.ts'
import { GatewayError } from '../../errors/gateway-error.ts'
import { nearest } from '../../lib/nearest.ts'

/** What a provider charged for a model on a day. */
export interface InvoiceLine {
  /** ISO 8601. */
  readonly day: string
  readonly model: string
  readonly nanos: number
}

/** Names of the columns; the usual ones are found by themselves. */
export interface InvoiceColumns {
  readonly day?: string | undefined
  readonly model?: string | undefined
  readonly cost?: string | undefined
}

const USUAL: Readonly<Record<keyof InvoiceColumns, readonly string[]>> = {
  day: ['day', 'date', 'usage_date', 'usage_date_utc', 'start_date', 'start_time', 'bucket_start', 'start_time_iso', 'timestamp'],
  model: [
    'model',
    'model_name',
    'model_id',
    'model_version',
    'model_permaslug',
    'snapshot_id',
    'line_item',
    'sku',
    'description',
  ],
  cost: [
    'cost',
    'cost_usd',
    'cost_in_usd',
    'costinusd',
    'cost_total',
    'amount',
    'amount_usd',
    'amount_value',
    'total',
    'total_cost',
    'spend',
    'usd',
  ],
}
/** Columns that tell in which currency a line is, of exports that have several. */
const CURRENCY = ['currency', 'currency_code', 'amount_currency', 'cost_currency', 'billing_currency', 'billingcurrency']
/** Reading is synchronous, in a process that serves: so many take a third of a second. */
const MOST_LINES = 100_000
/** Columns named in a message. */
const MOST_NAMED = 30
const AMOUNT = /^(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i
/** Where a comma is certain to stand between thousands: there is a point behind it. */
const GROUPED = /^[1-9]\d{0,2}(,\d{3})+\.\d+$/

/**
 * Reads an invoice or a cost export: a header line, then one line for each charge. Lines of one day and model are added up. Throws
 * `invalid_body` that names the line and what was expected.
 */
export function parseInvoice(text: string, columns: InvoiceColumns = {}): InvoiceLine[] {
  const [header, ...lines] = parseCsv(text.replace(/^\ufeff/, ''))
  if (header === undefined) throw invalid('The invoice is empty. It needs a line of column names, and one line for each charge.')
  const names = header.map((name) => name.trim())
  const plain = names.map(plainName)
  const at = {
    day: columnAt(names, 'day', columns),
    model: columnAt(names, 'model', columns),
    cost: columnAt(names, 'cost', columns),
  }
  // A column that says it is in dollars is, whatever currency the bill itself is in.
  const currency = plain[at.cost]?.includes('usd') === true ? -1 : plain.findIndex((name) => CURRENCY.includes(name))
  const sums = new Map<string, InvoiceLine>()
  lines.forEach((cells, index) => {
    if (cells.every((cell) => cell.trim() === '')) return
    const line = readLine(cells, { ...at, currency }, index + 2)
    const key = `${line.day} ${line.model}`
    sums.set(key, { ...line, nanos: line.nanos + (sums.get(key)?.nanos ?? 0) })
  })
  if (sums.size === 0) throw invalid('The invoice has no charge: there is no line below the names of its columns.')
  return [...sums.values()]
}

/** Positions of what is read; `currency` is -1 where no column tells it. */
type Positions = Readonly<Record<keyof InvoiceColumns | 'currency', number>>

function readLine(cells: readonly string[], at: Positions, number: number): InvoiceLine {
  const day = dayOf(cells[at.day] ?? '')
  if (day === undefined) throw invalid(`Line ${number} of the invoice has no day such as 2026-01-31 in its column of days.`)
  const model = (cells[at.model] ?? '').trim()
  if (model === '') throw invalid(`Line ${number} of the invoice names no model.`)
  const currency = (cells[at.currency] ?? '').trim()
  if (currency !== '' && currency.toUpperCase() !== 'USD')
    throw invalid(
      `Line ${number} of the invoice is in ${currency.slice(0, 20)}, and the ledger is in US dollars. Export it in USD.`,
    )
  const nanos = nanosOf(cells[at.cost] ?? '')
  if (nanos === undefined)
    throw invalid(
      `Line ${number} of the invoice has no amount of dollars such as 1234.56 or 1,234.56 in its column of costs. Decimals stand behind a point.`,
    )
  return { day, model, nanos }
}

function columnAt(names: readonly string[], what: keyof InvoiceColumns, { [what]: wanted }: InvoiceColumns): number {
  const plain = names.map(plainName)
  const found =
    wanted === undefined ? USUAL[what].map((usual) => plain.indexOf(usual)).find((index) => index !== -1) : names.indexOf(wanted)
  if (found !== undefined && found !== -1) return found
  const close = wanted === undefined ? undefined : nearest(wanted, names)
  const hint =
    close === undefined
      ? `Its columns are ${names.slice(0, MOST_NAMED).join(', ')}${names.length > MOST_NAMED ? ' …' : ''}.`
      : `Did you mean ${close}?`
  throw invalid(
    wanted === undefined
      ? `The invoice has no column that looks like the ${what}. ${hint} Name it with ${what}_column (--${what}-column).`
      : `The invoice has no column ${JSON.stringify(wanted)}. ${hint}`,
  )
}

const plainName = (name: string): string =>
  name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .replaceAll(/^_|_$/g, '')

/** The day of a date, an instant, or Unix seconds. */
function dayOf(text: string): string | undefined {
  const trimmed = text.trim()
  const time = /^\d{9,10}$/.test(trimmed)
    ? Number(trimmed) * 1000
    : /^\d{4}-\d{2}-\d{2}/.test(trimmed)
      ? Date.parse(`${trimmed.slice(0, 10)}T00:00:00Z`)
      : Number.NaN
  return Number.isNaN(time) ? undefined : new Date(time).toISOString().slice(0, 10)
}

/**
 * Dollars, with sign, currency mark and thousands separators as exports write them. Credits are below zero. A comma that may be a decimal
 * one (`0,05`, `1,234`) is no amount: it could be a thousand times another.
 */
function nanosOf(text: string): number | undefined {
  const plain = text.trim().replaceAll(/[$\s]|USD/gi, '')
  const isCredit = plain.startsWith('-') || /^\(.*\)$/.test(plain)
  const written = plain.replaceAll(/^[-(]|\)$/g, '')
  const amount = GROUPED.test(written) ? written.replaceAll(',', '') : written
  if (!AMOUNT.test(amount)) return undefined
  const nanos = usdToNano(amount) ?? usdToNearestNano(Number(amount))
  return nanos === undefined ? undefined : isCredit ? -nanos : nanos
}

/** RFC 4180, with a comma, a semicolon or a tab between cells. */
function parseCsv(text: string): string[][] {
  const [first = ''] = text.split(/\r?\n/, 1)
  const separator = ['\t', ';', ','].find((candidate) => first.includes(candidate)) ?? ','
  const rows: string[][] = []
  let row: string[] = []
  const pattern = new RegExp(`("(?:[^"]|"")*"|[^${separator}"\\r\\n]*)(${separator}|\\r?\\n|$)`, 'gy')
  while (pattern.lastIndex < text.length) {
    const match = pattern.exec(text)
    if (match === null) throw invalid(`Line ${rows.length + 1} of the invoice has quotes that do not fit together.`)
    const [, cell = '', end] = match
    row.push(cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell)
    if (end === separator) continue
    rows.push(row)
    if (rows.length > MOST_LINES)
      throw invalid(
        `The invoice has more than ${MOST_LINES} lines. Export it by day and model, or compare it in pieces, a month at a time.`,
      )
    row = []
  }
  if (row.length > 0) rows.push([...row, ''])
  return rows
}

const invalid = (message: string): GatewayError => new GatewayError('invalid_body', message, { param: 'csv' })
