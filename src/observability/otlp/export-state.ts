import type { Clock } from '../../lib/clock.ts'
import type { Logger } from '../logger.ts'
import type { OtlpOutcome } from './otlp-sender.ts'

const FIRST_PAUSE_MS = 2_000
const LONGEST_PAUSE_MS = 60_000

/** Whether a collector takes what it is sent. An outage is told once when it begins and once when it is over. */
export class ExportState {
  private readonly clock: Pick<Clock, 'now'>
  private readonly logger: Logger
  private readonly what: string
  private failures = 0
  private pausedUntil = 0
  private lost = 0
  private saidRefused = false

  constructor(clock: Pick<Clock, 'now'>, logger: Logger, what: string) {
    this.clock = clock
    this.logger = logger
    this.what = what
  }

  /** Nothing should be sent now: the last attempt has just failed. */
  get isPausing(): boolean {
    return this.clock.now() < this.pausedUntil
  }

  /** Something was dropped without being sent. */
  lose(count: number): void {
    this.lost += count
  }

  /** Takes note of an export of `count` spans or points. */
  note(outcome: OtlpOutcome, count: number): void {
    if (outcome.kind === 'unavailable') {
      this.failed(outcome.reason, outcome.retryAfterMs)
      return
    }
    const rejected = outcome.kind === 'refused' ? count : outcome.rejected
    this.lost += rejected
    if (rejected > 0 && !this.saidRefused) {
      this.saidRefused = true
      const reason = outcome.kind === 'refused' ? outcome.reason : 'partial success'
      this.logger.warn({ reason, rejected }, `the collector refuses ${this.what}; told once`)
    }
    if (outcome.kind === 'taken' && rejected === 0) this.saidRefused = false
    if (this.failures > 0) this.recovered()
  }

  private failed(reason: string, retryAfterMs: number | undefined): void {
    const pause = retryAfterMs ?? Math.min(FIRST_PAUSE_MS * 2 ** this.failures, LONGEST_PAUSE_MS)
    this.pausedUntil = this.clock.now() + Math.min(pause, LONGEST_PAUSE_MS)
    if (this.failures++ === 0)
      this.logger.warn({ reason }, `${this.what} cannot be exported; requests are served on, and this is told once`)
  }

  private recovered(): void {
    this.failures = 0
    this.pausedUntil = 0
    this.logger.warn({ lost: this.lost }, `${this.what} are exported again`)
    this.lost = 0
  }
}
