import type { UsageEvents } from './usage-events.ts'
import type { UsageReport } from './usage-report.ts'

/** A table of a report, or of a page of entries, for spreadsheets (RFC 4180). */
export function usageCsv(data: UsageReport | UsageEvents): string {
  return csvOf(data.schema === 'switchback.usage/v1' ? reportRows(data) : data.events.map(flattened))
}

type Row = Readonly<Record<string, unknown>>

function reportRows({ series, groups, totals, since, until }: UsageReport): readonly Row[] {
  return series ?? groups ?? [{ since, until, ...totals }]
}

/** Inner mappings with dotted names; lists as JSON. */
function flattened(row: Row): Row {
  return Object.fromEntries(
    Object.entries(row).flatMap(([name, value]) =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? Object.entries(flattened(value as Row)).map(([inner, item]) => [`${name}.${inner}`, item] as const)
        : [[name, value] as const],
    ),
  )
}

function csvOf(rows: readonly Row[]): string {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row).filter((name) => row[name] !== undefined)))]
  const lines = [columns, ...rows.map((row) => columns.map((name) => row[name]))]
  return `${lines.map((line) => line.map(cellOf).join(',')).join('\r\n')}\r\n`
}

/** Names come from clients: what a spreadsheet would take for a formula is marked as text. */
function cellOf(value: unknown): string {
  if (value === undefined || value === null) return ''
  const text = typeof value === 'string' ? guarded(value) : JSON.stringify(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

const guarded = (text: string): string => (/^[=+@\t\r]|^-(?!\d)/.test(text) ? `'${text}` : text)
