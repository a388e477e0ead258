/** Prices older than this many days may have changed at the vendor. */
const STALE_AFTER_DAYS = 60

const DAY_MS = 86_400_000

export interface PriceAge {
  /** Whole days since the price was found; 0 for one of today or later. */
  readonly days: number
  /** More than 60 days: worth a warning. */
  readonly stale: boolean
}

/** How old a price of a day (ISO 8601) is at a time (Unix milliseconds). Undefined when the day is unknown. */
export function priceAge(asOf: string | undefined, now: number): PriceAge | undefined {
  const found = asOf === undefined ? Number.NaN : Date.parse(`${asOf}T00:00:00Z`)
  if (Number.isNaN(found)) return undefined
  const days = Math.max(0, Math.floor((now - found) / DAY_MS))
  return { days, stale: days > STALE_AFTER_DAYS }
}
