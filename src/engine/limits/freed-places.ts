import type { Clock } from '../../lib/clock.ts'

const SMOOTHING = 0.2
const SHORTEST_MS = 1_000
const LONGEST_MS = 60_000

/** How often places come free, to tell how long a wait for one will be. */
export class FreedPlaces {
  private readonly clock: Pick<Clock, 'now'>
  private last: number | undefined = undefined
  private intervalMs: number | undefined = undefined

  constructor(clock: Pick<Clock, 'now'>) {
    this.clock = clock
  }

  count(): void {
    const now = this.clock.now()
    if (this.last !== undefined) {
      const interval = now - this.last
      this.intervalMs = this.intervalMs === undefined ? interval : this.intervalMs + SMOOTHING * (interval - this.intervalMs)
    }
    this.last = now
  }

  /** Until so many places have come free: an estimate between a second and a minute. */
  expectedWaitMs(places: number): number {
    return Math.min(LONGEST_MS, Math.max(SHORTEST_MS, (this.intervalMs ?? 0) * places))
  }
}
