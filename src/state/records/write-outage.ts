import type { Clock } from '../../lib/clock.ts'
import type { RecordBacklog, StoreWarning } from './store.ts'

export interface WriteOutageOptions {
  readonly clock: Pick<Clock, 'now'>
  readonly warn: StoreWarning
  /** Pause after a failed write, in milliseconds. */
  readonly retryMs: number
  /** Most records that wait meanwhile. */
  readonly maxQueued: number
}

/** What a queue of records knows of the store it writes to: whether that fails, when it is tried again, and what was dropped. */
export class WriteOutage {
  readonly #options: WriteOutageOptions
  #retryAt = 0
  #failing = false
  /** Since the outage began. */
  #dropped = 0
  #droppedInAll = 0

  constructor(options: WriteOutageOptions) {
    this.#options = options
  }

  /** Time has to pass before the next attempt. */
  get isPausing(): boolean {
    return this.#failing && this.#options.clock.now() < this.#retryAt
  }

  /** The next attempt may be made at once. */
  endPause(): void {
    this.#retryAt = 0
  }

  backlog(waiting: number): RecordBacklog {
    return { waiting, dropped: this.#droppedInAll, failing: this.#failing }
  }

  /** A record did not fit in the queue. */
  overflowed(queued: number): void {
    if (this.#dropped === 0) this.#options.warn('request records are being dropped: the queue is full', { queued })
    this.#dropped += 1
    this.#droppedInAll += 1
  }

  /** Records that the store will never take. */
  refused(records: number, error: unknown): void {
    this.#options.warn('request records are lost: the database does not take them', { error, lost: records })
    this.#droppedInAll += records
  }

  failed(error: unknown): void {
    const { clock, retryMs, warn, maxQueued } = this.#options
    this.#retryAt = clock.now() + retryMs
    if (this.#failing) return
    this.#failing = true
    warn('request records cannot be written; requests are served on, records wait in memory', { error, most: maxQueued })
  }

  succeeded(): void {
    if (!this.#failing && this.#dropped === 0) return
    this.#options.warn('request records are written again', { dropped: this.#dropped })
    this.#failing = false
    this.#dropped = 0
  }
}
