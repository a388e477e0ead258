/** How long to wait for a slot when nothing is known of how long calls take. */
const UNKNOWN_WAIT_MS = 1_000
const LEAST_WAIT_MS = 100
const MOST_WAIT_MS = 10_000

/** The calls under way to a target or a provider; a limit on them keeps one that hangs from taking every connection. */
export class Bulkhead {
  private taken = 0

  get inFlight(): number {
    return this.taken
  }

  /** Whether `limit` calls are under way; never without a limit. */
  isFull(limit: number | undefined): boolean {
    return limit !== undefined && this.taken >= limit
  }

  enter(): void {
    this.taken += 1
  }

  leave(): void {
    this.taken -= 1
  }

  /** Estimate in ms of when a slot becomes free: calls that take `meanMs` end one after the other. */
  waitMs(meanMs: number | undefined): number {
    if (meanMs === undefined || this.taken === 0) return UNKNOWN_WAIT_MS
    return Math.ceil(Math.min(MOST_WAIT_MS, Math.max(LEAST_WAIT_MS, meanMs / this.taken)))
  }
}
