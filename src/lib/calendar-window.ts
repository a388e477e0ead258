/** Calendar periods that budgets are counted in. Weeks begin on Monday. */
export const CALENDAR_PERIODS = ['day', 'week', 'month'] as const
export type CalendarPeriod = (typeof CALENDAR_PERIODS)[number]

/** From `start` on and before `end`, in Unix milliseconds. */
export interface TimeWindow {
  readonly start: number
  readonly end: number
}

const DAY_MS = 86_400_000
/** Further from a local midnight than any offset from UTC, so that both sides of a change on that day are seen. */
const BEYOND_OFFSETS_MS = 36 * 3_600_000

/**
 * The calendar of one time zone. A period begins at the first instant that bears its first date, so one whose midnight is skipped by
 * summer time begins after it, and days are 23 to 25 hours long where clocks change. Periods follow each other without gap or overlap.
 */
export class Calendar {
  private readonly format: Intl.DateTimeFormat
  /** The window asked for last, of each period: nearly every question is about the same one. */
  private readonly latest = new Map<CalendarPeriod, TimeWindow>()

  /** Throws a RangeError for a name that is no IANA time zone. */
  constructor(timeZone: string) {
    this.format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
  }

  /** The period that `at` (Unix milliseconds) lies in. */
  windowAt(period: CalendarPeriod, at: number): TimeWindow {
    const known = this.latest.get(period)
    if (known !== undefined && at >= known.start && at < known.end) return known
    let first = firstDay(period, Math.floor(this.localTime(at) / DAY_MS))
    let next = followingDay(period, first)
    let end = this.beginOf(next)
    // Where clocks are set back across midnight, a date is borne twice: its second hour belongs to the day that had begun.
    while (end <= at) {
      first = next
      next = followingDay(period, first)
      end = this.beginOf(next)
    }
    const window = { start: this.beginOf(first), end }
    this.latest.set(period, window)
    return window
  }

  /** The first instant of a day; days are counted from 1 January 1970 of the local calendar. */
  private beginOf(day: number): number {
    const midnight = day * DAY_MS
    const begins = [midnight - BEYOND_OFFSETS_MS, midnight + BEYOND_OFFSETS_MS]
      .map((instant) => midnight - (this.localTime(instant) - instant))
      .filter((instant) => this.localTime(instant) >= midnight)
    return Math.min(...begins)
  }

  /** The local date and time at an instant, as if they were UTC. */
  private localTime(instant: number): number {
    const parts = new Map(this.format.formatToParts(instant).map(({ type, value }) => [type, Number(value)]))
    const part = (name: Intl.DateTimeFormatPartTypes): number => parts.get(name) ?? 0
    const seconds = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'))
    return seconds + (((instant % 1000) + 1000) % 1000)
  }
}

/** Whether a name is an IANA time zone that this runtime knows. */
export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false // the runtime's way to say no
  }
}

function firstDay(period: CalendarPeriod, day: number): number {
  if (period === 'day') return day
  const date = new Date(day * DAY_MS)
  return period === 'week' ? day - ((date.getUTCDay() + 6) % 7) : day - (date.getUTCDate() - 1)
}

function followingDay(period: CalendarPeriod, first: number): number {
  if (period !== 'month') return first + (period === 'day' ? 1 : 7)
  const date = new Date(first * DAY_MS)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1) / DAY_MS
}
