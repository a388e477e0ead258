import type { Clock } from './clock.ts'

/** A deadline that can be moved cheaply: no timer is armed for it. */
export interface Watch {
  /** `Clock.now()` at which it expires; Infinity never does. */
  at: number
  expire(): void
}

const TICK_MS = 50

/**
 * Many deadlines on one coarse timer. Arming, moving and dropping a deadline is a set operation, so every request can have several;
 * precision is 50 ms. The timer only runs while something is watched.
 */
export class Deadlines {
  private readonly clock: Clock
  private readonly watches = new Set<Watch>()
  private stopTicking: (() => void) | undefined = undefined

  constructor(clock: Clock) {
    this.clock = clock
  }

  watch(at: number, expire: () => void): Watch {
    const watch: Watch = { at, expire }
    this.add(watch)
    return watch
  }

  /** Watches an object that knows its own deadline, so that none has to be made for it. */
  add(watch: Watch): void {
    this.watches.add(watch)
    this.stopTicking ??= this.clock.every(TICK_MS, () => this.tick())
  }

  drop(watch: Watch): void {
    this.watches.delete(watch)
  }

  get size(): number {
    return this.watches.size
  }

  private tick(): void {
    const now = this.clock.now()
    for (const watch of this.watches) {
      if (watch.at > now) continue
      this.watches.delete(watch)
      watch.expire()
    }
    if (this.watches.size > 0) return
    this.stopTicking?.()
    this.stopTicking = undefined
  }
}
