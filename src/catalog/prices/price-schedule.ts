import type { ModelPrice } from '../../ir/price.ts'

/** When a price holds: from a day on, or between two times of each day (over midnight when `until` is the earlier). */
export type PriceWindow =
  | { readonly kind: 'always' }
  /** Unix milliseconds. */
  | { readonly kind: 'from'; readonly start: number }
  /** Milliseconds since midnight UTC; `until` is excluded. */
  | { readonly kind: 'daily'; readonly from: number; readonly until: number }

export interface ScheduledPrice {
  readonly window: PriceWindow
  readonly price: ModelPrice
}

const DAY_MS = 86_400_000

/** The price at a time (Unix milliseconds): the last whose window holds, else the first. Undefined when there is none. */
export function priceAt(schedule: readonly ScheduledPrice[], at: number): ModelPrice | undefined {
  return (schedule.findLast(({ window }) => holds(window, at)) ?? schedule[0])?.price
}

function holds(window: PriceWindow, at: number): boolean {
  switch (window.kind) {
    case 'always':
      return true
    case 'from':
      return at >= window.start
    case 'daily': {
      const time = at % DAY_MS
      return window.until < window.from ? time >= window.from || time < window.until : time >= window.from && time < window.until
    }
  }
}
