import type { Clock } from '../lib/clock.ts'

const WARM_MS = 60_000
const MAX_ORIGINS = 1024

/** Which origins answered lately. Bounded: the origin not heard of for longest is forgotten first. */
export class OriginWarmth {
  private readonly clock: Pick<Clock, 'now'>
  private readonly lastAnswer = new Map<string, number>()

  constructor(clock: Pick<Clock, 'now'>) {
    this.clock = clock
  }

  /** The origin sent response headers just now. */
  note(origin: string): void {
    const now = this.clock.now()
    const earlier = this.lastAnswer.get(origin)
    // A busy origin is not moved to the end of the map with every answer: once a second is exact enough.
    if (earlier !== undefined && now - earlier < 1000) return
    this.lastAnswer.delete(origin)
    this.lastAnswer.set(origin, now)
    if (this.lastAnswer.size <= MAX_ORIGINS) return
    for (const oldest of this.lastAnswer.keys()) {
      this.lastAnswer.delete(oldest)
      return
    }
  }

  isWarm(origin: string): boolean {
    const last = this.lastAnswer.get(origin)
    return last !== undefined && this.clock.now() - last < WARM_MS
  }
}
