export const HOUR_MS = 3_600_000
export const DAY_MS = 86_400_000

export const hourOf = (at: number): number => Math.floor(at / HOUR_MS) * HOUR_MS
export const dayOf = (at: number): number => Math.floor(at / DAY_MS) * DAY_MS

/** A part of a time range and the rollups it is read from. */
export interface RangePart {
  readonly hours: 1 | 24
  readonly since: number
  /** Not included. */
  readonly until: number
}

/** A range in whole days as far as it reaches, and hours at its ends; in hours alone when a series of hours is wanted. */
export function partsOf(range: { readonly since: number; readonly until: number }, interval?: 'hour' | 'day'): RangePart[] {
  const since = hourOf(range.since)
  const until = hourOf(range.until)
  const firstDay = Math.ceil(since / DAY_MS) * DAY_MS
  const lastDay = dayOf(until)
  const parts: RangePart[] =
    interval === 'hour' || lastDay <= firstDay
      ? [{ hours: 1, since, until }]
      : [
          { hours: 1, since, until: firstDay },
          { hours: 24, since: firstDay, until: lastDay },
          { hours: 1, since: lastDay, until },
        ]
  return parts.filter((part) => part.since < part.until)
}
