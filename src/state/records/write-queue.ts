import type { RequestRecord } from '../../ir/record.ts'
import type { Clock } from '../../lib/clock.ts'
import type { PendingRecord, StoreWarning } from './store.ts'

/**
 * How often new records are built. Soon, so that what a record is built from does not grow old in memory: that made garbage
 * collection several times dearer.
 */
const BUILD_MS = 20
/** How long a record waits before it is written. */
const BATCH_MS = 200
/** Records written in one go: keeps each pause of the event loop to a few milliseconds. */
const SLICE = 512
/** Pause after a failed write, so that a locked or full disk does not stall the loop again and again. */
const RETRY_MS = 2_000
const DEFAULT_MAX_QUEUED = 8_192

export interface WriteQueueOptions<Row> {
  readonly clock: Clock
  readonly warn: StoreWarning
  /** The form in which the store takes a record. */
  readonly prepare: (record: RequestRecord) => Row
  /** Writes all of them or throws. */
  readonly write: (rows: readonly Row[]) => void
  /** Most records kept while the store cannot write. */
  readonly maxQueued?: number | undefined
}

/** Collects records, builds them off the response path and hands them on in batches. Bounded: what does not fit is counted and dropped. */
export class WriteQueue<Row> {
  readonly #options: WriteQueueOptions<Row>
  readonly #maxQueued: number
  #pending: PendingRecord[] = []
  #rows: Row[] = []
  #stopTicking: (() => void) | undefined = undefined
  #writeAt = 0
  #retryAt = 0
  #failing = false
  #dropped = 0

  constructor(options: WriteQueueOptions<Row>) {
    this.#options = options
    this.#maxQueued = options.maxQueued ?? DEFAULT_MAX_QUEUED
  }

  append(record: PendingRecord): void {
    const queued = this.#pending.length + this.#rows.length
    if (queued >= this.#maxQueued) {
      if (this.#dropped === 0) this.#options.warn('request records are being dropped: the queue is full', { queued })
      this.#dropped += 1
      return
    }
    this.#pending.push(record)
    if (this.#stopTicking !== undefined) return
    this.#writeAt = this.#options.clock.now() + BATCH_MS
    this.#stopTicking = this.#options.clock.every(BUILD_MS, () => this.#tick())
  }

  /** Writes everything now, without pauses. Leaves it queued when the store cannot write or has just failed to. */
  drain(): void {
    this.#build()
    if (this.#pausing()) return
    while (this.#rows.length > 0) if (!this.#writeSlice()) return
  }

  /** One last attempt, whatever happened before. */
  close(): void {
    this.#retryAt = 0
    this.drain()
    this.#stopTicking?.()
    this.#stopTicking = undefined
  }

  #tick(): void {
    this.#build()
    if (this.#rows.length === 0) {
      this.#stopTicking?.()
      this.#stopTicking = undefined
      return
    }
    const now = this.#options.clock.now()
    if (this.#pausing() || (now < this.#writeAt && this.#rows.length < SLICE)) return
    this.#writeAt = now + BATCH_MS
    if (this.#writeSlice() && this.#rows.length >= SLICE) setImmediate(() => this.#tick())
  }

  #pausing(): boolean {
    return this.#failing && this.#options.clock.now() < this.#retryAt
  }

  #writeSlice(): boolean {
    const whole = this.#rows.length <= SLICE
    const slice = whole ? this.#rows : this.#rows.slice(0, SLICE)
    try {
      this.#options.write(slice)
    } catch (error) {
      this.#failed(error)
      return false
    }
    this.#rows = whole ? [] : this.#rows.slice(SLICE)
    if (this.#failing || this.#dropped > 0) this.#recovered()
    return true
  }

  #build(): void {
    if (this.#pending.length === 0) return
    const pending = this.#pending
    this.#pending = []
    for (const entry of pending) {
      try {
        this.#rows.push(this.#options.prepare(typeof entry === 'function' ? entry() : entry))
      } catch (error) {
        this.#options.warn('a request record could not be built and is lost', { error })
      }
    }
  }

  #failed(error: unknown): void {
    this.#retryAt = this.#options.clock.now() + RETRY_MS
    if (this.#failing) return
    this.#failing = true
    this.#options.warn('request records cannot be written; requests are served on, records wait in memory', {
      error,
      most: this.#maxQueued,
    })
  }

  #recovered(): void {
    this.#options.warn('request records are written again', { dropped: this.#dropped })
    this.#failing = false
    this.#dropped = 0
  }
}
