import type { Clock } from '../lib/clock.ts'
import type { Eventually } from '../lib/eventually.ts'
import { untilAborted } from '../lib/until-aborted.ts'

export interface RenewalOptions<Held> {
  /** Something that holds now; `refused` is what an upstream did not take. Asked by one at a time. */
  readonly obtain: (refused: Held | undefined) => Promise<Held>
  /** When it ends, in Unix milliseconds; undefined when nobody knows. */
  readonly endOf: (held: Held) => number | undefined
  /** It is replaced so many milliseconds before its end, or at half its life where that comes later. */
  readonly earlyMs: number
  readonly clock: Pick<Clock, 'wall'>
}

/** With less left than this nobody sets out any more without asking for the next one first. */
const LAST_MS = 10_000
/** After an early replacement that failed. */
const PAUSE_MS = 5_000

/**
 * What a login gives for a while: fetched when it is first needed, again before it ends, and again when it is refused. However many requests
 * want it, it is fetched once. Nobody waits for its early replacement: a source that is away, or slow, does no harm until the end.
 */
export class Renewal<Held> {
  /** What was fetched last. */
  held: Held | undefined = undefined
  /** What was held before; requests under way may have been sent with it. */
  earlier: Held | undefined = undefined
  private readonly options: RenewalOptions<Held>
  /** Unix milliseconds until which it is used without a thought. */
  private freshUntil = 0
  /** Unix milliseconds before which it is not replaced early. */
  private pausedUntil = 0
  private pending: Promise<Held> | undefined = undefined

  constructor(options: RenewalOptions<Held>) {
    this.options = options
  }

  /** What is held, at once; waits where there is nothing, or where it is about to end. */
  current(signal: AbortSignal): Eventually<Held> {
    const { held } = this
    const wall = this.options.clock.wall()
    if (held === undefined) return this.replaced(undefined, signal)
    if (wall < this.freshUntil) return held
    if (this.isHeldAt(wall + LAST_MS)) {
      if (wall >= this.pausedUntil) this.replaceBeside()
      return held
    }
    return this.replaced(undefined, signal).catch((error: unknown) => {
      if (signal.aborted || !this.isHeldAt(this.options.clock.wall())) throw error
      return held
    })
  }

  /** What is fetched now, for all who wait; each of them may stop waiting. */
  replaced(refused: Held | undefined, signal: AbortSignal): Promise<Held> {
    this.pending ??= this.fetch(refused)
    return untilAborted(this.pending, signal)
  }

  private replaceBeside(): void {
    this.pending ??= this.fetch(undefined)
    this.pending.catch(() => {
      this.pausedUntil = this.options.clock.wall() + PAUSE_MS
    })
  }

  private isHeldAt(wall: number): boolean {
    const end = this.held && this.options.endOf(this.held)
    return end === undefined || wall < end
  }

  private async fetch(refused: Held | undefined): Promise<Held> {
    const { obtain, endOf, earlyMs, clock } = this.options
    try {
      const held = await obtain(refused)
      const end = endOf(held)
      const wall = clock.wall()
      this.earlier = this.held
      this.held = held
      this.freshUntil = end === undefined ? Number.POSITIVE_INFINITY : end - Math.min(earlyMs, (end - wall) / 2)
      return held
    } finally {
      this.pending = undefined
    }
  }
}
