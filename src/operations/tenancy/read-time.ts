import { timeSpanHint, timeSpanMs } from '../../lib/time-span.ts'
import { type BodyFields, invalidField } from '../body-fields.ts'

/** A century: a later end is none. */
const FURTHEST_MS = 100 * 365 * 86_400_000
const LONGEST_GRACE_MS = 90 * 86_400_000

/** The end of something in Unix ms: a time such as `30d` from now, an instant such as `2027-01-31T12:00:00Z`, or Unix milliseconds. */
export function readEnd(fields: BodyFields, name: string, now: number): number | undefined {
  const value = fields.value(name)
  if (value === undefined) return undefined
  const end = endOf(value, now)
  if (end === undefined)
    throw invalidField(
      `\`${name}\` must be a time such as 30d, an instant such as 2027-01-31T12:00:00Z, or Unix milliseconds.`,
      name,
    )
  if (end <= now) throw invalidField(`\`${name}\` lies in the past: ${new Date(end).toISOString()}.`, name)
  if (end > now + FURTHEST_MS) throw invalidField(`\`${name}\` lies more than a century ahead. Leave it out for "never".`, name)
  return Math.floor(end)
}

const INSTANT = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))?$/

function endOf(value: unknown, now: number): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) && Math.abs(value) < 8.64e15 ? value : undefined
  if (typeof value !== 'string') return undefined
  const span = timeSpanMs(value)
  if (span !== undefined) return now + span
  const instant = INSTANT.test(value) ? Date.parse(value) : Number.NaN
  return Number.isNaN(instant) ? undefined : instant
}

/** How long two secrets of a key are valid beside each other: a time such as `24h`, or `0` for not at all. */
export function readGrace(fields: BodyFields, name: string, otherwise: number): number {
  const value = fields.value(name)
  if (value === undefined) return otherwise
  if (value === 0 || value === '0') return 0
  const ms = typeof value === 'string' ? timeSpanMs(value) : undefined
  if (ms === undefined)
    throw invalidField(
      typeof value === 'string' ? `\`${name}\`: ${timeSpanHint(value)}` : `\`${name}\` must be a time such as "24h", or 0.`,
      name,
    )
  if (ms > LONGEST_GRACE_MS) throw invalidField(`\`${name}\` is longer than 90 days. Issue a second key instead.`, name)
  return ms
}
