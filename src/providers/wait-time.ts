/** Longer waits than this are not believed, in ms: a wrong header must not take an account out for good. */
const LONGEST_WAIT_MS = 24 * 60 * 60 * 1000

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const DURATION = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/
const DURATION_PARTS = /(\d+(?:\.\d+)?)(ms|s|m|h|d)/g
/** HTTP's three forms and RFC 3339. Without this, date parsers find a year in anything, a negative number for one. */
const DATE_LIKE = /^\s*(?:[A-Z][a-z]+,? |\d{4}-\d\d-\d\d[T ])/
const PLAIN_NUMBER = /^\s*\d+(?:\.\d+)?\s*$/

/** A plain number that is not negative; anything else, and what no double can hold, is undefined. */
export function plainNumber(value: string | null): number | undefined {
  if (value === null || !PLAIN_NUMBER.test(value)) return undefined
  const number = Number(value)
  return Number.isFinite(number) ? number : undefined
}

/** Milliseconds of `1s`, `6m0s`, `120ms`, `1h2m3.5s`. */
export function durationMs(value: string): number | undefined {
  const text = value.trim()
  if (!DURATION.test(text)) return undefined
  let total = 0
  for (const [, amount = '0', unit = 'ms'] of text.matchAll(DURATION_PARTS)) total += Number(amount) * (UNITS[unit] ?? 0)
  return Number.isFinite(total) ? total : undefined
}

/** Milliseconds from `wall` (Unix ms) to a date as HTTP and RFC 3339 write it; 0 when it has passed. */
export function untilDateMs(value: string, wall: number): number | undefined {
  const date = DATE_LIKE.test(value) ? Date.parse(value) : Number.NaN
  return Number.isNaN(date) ? undefined : Math.max(0, date - wall)
}

/** A reset as a duration (`6m0s`), a date, seconds from now, or a Unix time in seconds or milliseconds. In ms from `wall`. */
export function untilResetMs(value: string | null, wall: number): number | undefined {
  if (value === null) return undefined
  const plain = plainNumber(value)
  if (plain === undefined) return durationMs(value) ?? untilDateMs(value, wall)
  if (plain > 1e12) return Math.max(0, plain - wall)
  return plain > 1e9 ? Math.max(0, plain * 1000 - wall) : plain * 1000
}

/** Whole milliseconds between 0 and a day. */
export const boundedWait = (waitMs: number): number => Math.min(Math.max(0, Math.ceil(waitMs)), LONGEST_WAIT_MS)
