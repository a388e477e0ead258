import type { Clock } from '../../lib/clock.ts'
import type { Histogram } from './histogram.ts'
import type { MetricRegistry } from './registry.ts'

const LAG_SECONDS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5]
const INTERVAL_MS = 500

/** How late a timer fires: what every request waits that arrives while the process is busy with something else. */
export class LoopLag {
  private readonly clock: Clock
  private readonly lag: Histogram
  private stopTicking: (() => void) | undefined = undefined

  constructor(clock: Clock, registry: MetricRegistry) {
    this.clock = clock
    this.lag = registry
      .histogram({
        name: 'switchback_event_loop_lag_seconds',
        help: `How late a timer of ${INTERVAL_MS} ms fires.`,
        bounds: LAG_SECONDS,
      })
      .of()
  }

  start(): void {
    let due = this.clock.now() + INTERVAL_MS
    this.stopTicking ??= this.clock.every(INTERVAL_MS, () => {
      const now = this.clock.now()
      this.lag.observe(Math.max(0, now - due) / 1000)
      due = now + INTERVAL_MS
    })
  }

  close(): void {
    this.stopTicking?.()
    this.stopTicking = undefined
  }
}
