import { GatewayError } from '../../errors/gateway-error.ts'
import { nearest } from '../../lib/nearest.ts'
import { timeSpanMs } from '../../lib/time-span.ts'
import { GROUPINGS, type Grouping, type LedgerFilter } from '../../state/ledger/store.ts'
import { HOUR_MS } from '../../state/ledger/time-range.ts'

/** What was asked, by name, as in a query string. */
export type UsageParameters = Readonly<Partial<Record<string, string>>>

/** A time range: Unix milliseconds. */
export interface UsageRange {
  readonly since: number
  readonly until: number
}

/** A report that was asked for. */
export interface UsageQuery extends UsageRange {
  readonly groupBy: readonly Grouping[]
  readonly interval: 'hour' | 'day' | undefined
  readonly filter: LedgerFilter
  /** Most groups shown, the dearest first. */
  readonly limit: number
}

const RANGE = ['since', 'until'] as const
const REPORT = [...RANGE, ...GROUPINGS, 'group_by', 'interval', 'limit', 'format'] as const
const EVENTS = [...RANGE, ...GROUPINGS, 'request', 'cursor', 'limit', 'format'] as const

const DEFAULT_SPAN_MS = 30 * 86_400_000
const DEFAULT_GROUPS = 1_000
const MOST_GROUPS = 50_000
/** A series of hours is read row by row. */
const LONGEST_HOURLY_MS = 32 * 86_400_000

/** Reads what is asked of a report. Throws `invalid_body` that says what to write. `now` in Unix milliseconds. */
export function readUsageQuery(parameters: UsageParameters, now: number): UsageQuery {
  refuseUnknown(parameters, REPORT)
  const range = readRange(parameters, { now, spanMs: DEFAULT_SPAN_MS })
  const groupBy = readGroupings(parameters['group_by'])
  const interval = readInterval(parameters['interval'])
  const filter = readNames(parameters)
  if (interval !== undefined && (groupBy.includes('session') || filter.session !== undefined))
    throw invalid('interval', 'Sessions are summed as a whole and have no series. Leave out `interval`, or the session.')
  if (interval === 'hour' && range.until - range.since > LONGEST_HOURLY_MS)
    throw invalid('interval', 'A series of hours covers at most 32 days. Ask for days, or for a shorter range.')
  return { ...range, groupBy, interval, filter, limit: readNumber(parameters, 'limit', MOST_GROUPS) ?? DEFAULT_GROUPS }
}

/** What is asked of the list of entries. */
export function readEventsQuery(parameters: UsageParameters, now: number) {
  refuseUnknown(parameters, EVENTS)
  const { since, until } = parameters
  return {
    ...readNames(parameters),
    since: since === undefined ? undefined : readTime('since', since, now),
    until: until === undefined ? undefined : readTime('until', until, now),
    request: parameters['request'],
    cursor: parameters['cursor'],
    limit: readNumber(parameters, 'limit', 1_000),
  }
}

/** `since` and `until`, in whole hours; the hour that is running is part of it. */
export function readRange({ since, until }: UsageParameters, { now, spanMs }: { now: number; spanMs: number }): UsageRange {
  const end = until === undefined ? now + 1 : readTime('until', until, now)
  const range = {
    since: Math.floor((since === undefined ? end - spanMs : readTime('since', since, now)) / HOUR_MS) * HOUR_MS,
    until: Math.ceil(end / HOUR_MS) * HOUR_MS,
  }
  if (range.since < range.until) return range
  throw invalid('since', '`since` must be before `until`.')
}

/** A span back from now (`7d`, `36h`), a day, an instant of ISO 8601, or Unix milliseconds. */
function readTime(name: string, text: string, now: number): number {
  const span = timeSpanMs(text)
  if (span !== undefined) return Math.max(0, now - span)
  const isNumber = /^\d{10,15}$/.test(text)
  const time = isNumber ? Number(text) : /^\d{4}-\d{2}-\d{2}(T|$)/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isSafeInteger(time) && time >= 0) return time
  throw invalid(
    name,
    `\`${name}\` must be a span such as 7d or 36h, a day such as 2026-01-31, an instant such as 2026-01-31T12:00Z, or Unix milliseconds.`,
  )
}

export function refuseUnknown(parameters: UsageParameters, known: readonly string[]): void {
  for (const name of Object.keys(parameters)) {
    if (known.includes(name)) continue
    const close = nearest(name, known)
    throw invalid(
      name,
      `There is no parameter ${JSON.stringify(name)} here.${close === undefined ? '' : ` Did you mean ${close}?`}`,
    )
  }
}

/** A parameter that says yes or no. */
export function readFlag(parameters: UsageParameters, name: string): boolean {
  const text = parameters[name]
  if (text === undefined || text === 'false') return false
  if (text === 'true' || text === '') return true
  throw invalid(name, `\`${name}\` must be true or false.`)
}

function readGroupings(text: string | undefined): Grouping[] {
  const names = (text ?? '').split(',').flatMap((name) => (name.trim() === '' ? [] : [name.trim()]))
  return [...new Set(names)].map((name) => {
    const grouping = GROUPINGS.find((known) => known === name)
    if (grouping !== undefined) return grouping
    const close = nearest(name, GROUPINGS)
    throw invalid(
      'group_by',
      `Usage is not grouped by ${JSON.stringify(name)}. ${close === undefined ? `Choose from ${GROUPINGS.join(', ')}.` : `Did you mean ${close}?`}`,
    )
  })
}

function readInterval(text: string | undefined): 'hour' | 'day' | undefined {
  if (text === undefined || text === '') return undefined
  if (text === 'hour' || text === 'day') return text
  throw invalid('interval', '`interval` must be hour or day.')
}

const readNames = (parameters: UsageParameters): LedgerFilter =>
  Object.fromEntries(GROUPINGS.flatMap((name) => (parameters[name] === undefined ? [] : [[name, parameters[name]]])))

function readNumber(parameters: UsageParameters, name: string, most: number): number | undefined {
  const text = parameters[name]
  if (text === undefined || text === '') return undefined
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= 1 && value <= most) return value
  throw invalid(name, `\`${name}\` must be a whole number from 1 to ${most}.`)
}

const invalid = (param: string, message: string): GatewayError => new GatewayError('invalid_body', message, { param })
