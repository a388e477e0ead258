import type { UsageEvents } from './usage-events.ts'
import type { UsageReport } from './usage-report.ts'

/**
 * A table of a report, or of a page of entries, for spreadsheets (RFC 4180). The columns of a question are always the same, whatever was
 * found, so that pages can be put one below the other; what few entries have comes behind them.
 */
export function usageCsv(data: UsageReport | UsageEvents): string {
  return data.schema === 'switchback.usage/v1' ? reportCsv(data) : csvOf(EVENT_COLUMNS, data.events.map(flattened))
}

type Row = Readonly<Record<string, unknown>>

function reportCsv({ series, groups, totals, since, until, group_by }: UsageReport): string {
  const sums = Object.keys(totals)
  if (series !== undefined) return csvOf(['start', ...group_by, ...sums], series)
  return groups === undefined
    ? csvOf(['since', 'until', ...sums], [{ since, until, ...totals }])
    : csvOf([...group_by, ...sums], groups)
}

const EVENT_COLUMNS = [
  'id,kind,at,request,attempt,provider,model,account,tenant,project,owner,key,session',
  'purpose,outcome,error_code,cancelled_because,streamed,latency_ms,complete',
  'usage.inputTokens,usage.outputTokens,usage.cacheReadTokens,usage.cacheWriteTokens,usage.cacheWrite5mTokens',
  'usage.cacheWrite1hTokens,usage.reasoningTokens,usage.toolPromptTokens,usage.serviceTier',
  'nanos,price.source,price.version,lines,saved_nanos,provider_nanos,reserved_nanos,made_at,reason,was_unknown',
].flatMap((names) => names.split(','))

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

function csvOf(usual: readonly string[], rows: readonly Row[]): string {
  const columns = [...new Set([...usual, ...rows.flatMap((row) => Object.keys(row).filter((name) => row[name] !== undefined))])]
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
