import type { BudgetRule, LimitRule, RateRule } from '../../ir/limits.ts'
import { Calendar } from '../../lib/calendar-window.ts'
import type { Claim } from '../../state/limits/store.ts'

const MINUTE_MS = 60_000

/** Turns what a rule is asked for into what a store compares: with the bounds of the calendar period, so that stores need no calendar. */
export interface Meter {
  /** `amount` in the rule's own unit; `wall` in Unix milliseconds. */
  claim(amount: number, wall: number): Claim
}

interface Bounds {
  readonly start: number
  readonly end: number | undefined
}

/** Makes meters. Those of one time zone share its calendar. */
export class Meters {
  private readonly calendars = new Map<string, Calendar>()

  of(rule: LimitRule): Meter {
    if (rule.measure === 'usd') return new PeriodMeter(rule, this.periodsOf(rule))
    if (rule.measure !== 'concurrency') return rule.window === 'fixed' ? new PeriodMeter(rule, minuteAt) : new SlidingMeter(rule)
    const { counter, limit } = rule
    const claim: Claim = { kind: 'slot', counter, amount: 1, limit }
    return { claim: () => claim }
  }

  private periodsOf({ period, timeZone }: BudgetRule): (wall: number) => Bounds {
    if (period === 'total') return () => FOR_EVER
    let calendar = this.calendars.get(timeZone)
    if (calendar === undefined) this.calendars.set(timeZone, (calendar = new Calendar(timeZone)))
    const known = calendar
    return (wall) => known.windowAt(period, wall)
  }
}

const FOR_EVER: Bounds = { start: 0, end: undefined }

function minuteAt(wall: number): Bounds {
  const start = Math.floor(wall / MINUTE_MS) * MINUTE_MS
  return { start, end: start + MINUTE_MS }
}

class SlidingMeter implements Meter {
  private readonly rule: RateRule

  constructor(rule: RateRule) {
    this.rule = rule
  }

  claim(amount: number): Claim {
    const { counter, limit } = this.rule
    return { kind: 'sliding', counter, amount, limit, windowMs: MINUTE_MS }
  }
}

/** Asks for the bounds of its period when that is over, or when the clock went back. */
class PeriodMeter implements Meter {
  private readonly rule: LimitRule
  private readonly boundsAt: (wall: number) => Bounds
  private bounds: Bounds = { start: 0, end: 0 }

  constructor(rule: LimitRule, boundsAt: (wall: number) => Bounds) {
    this.rule = rule
    this.boundsAt = boundsAt
  }

  claim(amount: number, wall: number): Claim {
    const { end } = this.bounds
    if (wall < this.bounds.start || (end !== undefined && wall >= end)) this.bounds = this.boundsAt(wall)
    const { counter, limit } = this.rule
    return { kind: 'period', counter, amount, limit, start: this.bounds.start, end: this.bounds.end }
  }
}
