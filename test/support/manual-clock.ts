import type { Clock } from '../../src/lib/clock.ts'

interface Timer {
  due: number
  readonly fire: (timer: Timer) => void
}

/** Time that stands still until the test moves it. */
export class ManualClock implements Clock {
  private time = 0
  private readonly epoch: number
  private readonly timers = new Set<Timer>()

  /** `epoch` is the wall time at the start, in Unix milliseconds. */
  constructor(epoch = 1_700_000_000_000) {
    this.epoch = epoch
  }

  now(): number {
    return this.time
  }

  wall(): number {
    return this.epoch + this.time
  }

  every(intervalMs: number, task: () => void): () => void {
    const timer: Timer = {
      due: this.time + intervalMs,
      fire: (self) => {
        self.due += intervalMs
        task()
      },
    }
    this.timers.add(timer)
    return () => void this.timers.delete(timer)
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(signal.reason as Error)
      const abort = (): void => {
        this.timers.delete(timer)
        reject(signal?.reason as Error)
      }
      const timer: Timer = {
        due: this.time + ms,
        fire: (self) => {
          this.timers.delete(self)
          signal?.removeEventListener('abort', abort)
          resolve()
        },
      }
      this.timers.add(timer)
      signal?.addEventListener('abort', abort, { once: true })
    })
  }

  /** Moves time, firing what falls due in order; code that waited runs before this resolves. */
  async advance(ms: number): Promise<void> {
    const end = this.time + ms
    await settle()
    for (;;) {
      const next = [...this.timers].sort((left, right) => left.due - right.due)[0]
      if (next === undefined || next.due > end) break
      this.time = Math.max(this.time, next.due)
      next.fire(next)
      await settle()
    }
    this.time = end
  }

  /** Sleeps and intervals that have not fired. */
  get pending(): number {
    return this.timers.size
  }
}

/** Lets everything that is ready run, promise chains through streams included. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
}
