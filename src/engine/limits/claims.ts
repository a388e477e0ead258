import type { LimitRule } from '../../ir/limits.ts'
import { Calendar } from '../../lib/calendar-window.ts'
import type { Claim } from '../../state/limits/store.ts'

const MINUTE_MS = 60_000

/** Turns rules into what a store compares: with the bounds of the calendar period, so that stores need no calendar. */
export class ClaimMaker {
  private readonly calendars = new Map<string, Calendar>()

  /** `amount` in the rule's own unit; `wall` in Unix milliseconds. */
  claim(rule: LimitRule, amount: number, wall: number): Claim {
    const { counter, limit } = rule
    if (rule.measure === 'concurrency') return { kind: 'slot', counter, amount: 1, limit }
    if (rule.measure === 'usd') {
      if (rule.period === 'total') return { kind: 'period', counter, amount, limit, start: 0, end: undefined }
      return { kind: 'period', counter, amount, limit, ...this.calendar(rule.timeZone).windowAt(rule.period, wall) }
    }
    if (rule.window === 'sliding') return { kind: 'sliding', counter, amount, limit, windowMs: MINUTE_MS }
    const start = Math.floor(wall / MINUTE_MS) * MINUTE_MS
    return { kind: 'period', counter, amount, limit, start, end: start + MINUTE_MS }
  }

  private calendar(timeZone: string): Calendar {
    let calendar = this.calendars.get(timeZone)
    if (calendar === undefined) this.calendars.set(timeZone, (calendar = new Calendar(timeZone)))
    return calendar
  }
}
