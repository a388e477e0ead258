import type { Clock } from '../../lib/clock.ts'
import type { PackedRecord, RecordBacklog, StoreWarning } from './store.ts'
import { WriteOutage } from './write-outage.ts'

/** How long a record waits before it is written. */
const BATCH_MS = 200
/** Records written in one go: keeps each pause of the event loop to a few milliseconds. */
const SLICE = 512
/** So many records have their text made one after the other, which costs half of making each by itself; more would hold too much memory. */
const PACKED_TOGETHER = 32
/** Pause after a failed write, so that a locked or full disk does not stall the loop again and again. */
const RETRY_MS = 2_000
const DEFAULT_MAX_QUEUED = 8_192

export interface WriteQueueOptions {
  readonly clock: Clock
  readonly warn: StoreWarning
  /** Writes all of them, at least one, or throws. */
  readonly write: (records: readonly PackedRecord[]) => void
  /** Most records kept while the store cannot write. */
  readonly maxQueued?: number | undefined
}

/** Collects records and hands them on in batches. Bounded: what does not fit is counted and dropped. */
export class WriteQueue {
  readonly #options: WriteQueueOptions
  readonly #maxQueued: number
  readonly #outage: WriteOutage
  #waiting: PackedRecord[] = []
  #stopTicking: (() => void) | undefined = undefined

  constructor(options: WriteQueueOptions) {
    this.#options = options
    this.#maxQueued = options.maxQueued ?? DEFAULT_MAX_QUEUED
    this.#outage = new WriteOutage({ ...options, retryMs: RETRY_MS, maxQueued: this.#maxQueued })
  }

  append(record: PackedRecord): void {
    if (this.#waiting.length >= this.#maxQueued) {
      this.#outage.overflowed(this.#waiting.length)
      return
    }
    this.#waiting.push(record)
    if (this.#waiting.length % PACKED_TOGETHER === 0) this.#packNewest()
    this.#stopTicking ??= this.#options.clock.every(BATCH_MS, () => this.#tick())
  }

  get backlog(): RecordBacklog {
    return this.#outage.backlog(this.#waiting.length)
  }

  /** Writes everything now, without pauses. Leaves it queued when the store cannot write or has just failed to. */
  drain(): void {
    if (this.#outage.isPausing) return
    while (this.#waiting.length > 0) if (!this.#writeSlice()) return
  }

  /** One last attempt, whatever happened before. */
  close(): void {
    this.#outage.endPause()
    this.drain()
    this.#stopTicking?.()
    this.#stopTicking = undefined
  }

  #tick(): void {
    if (this.#waiting.length === 0) {
      this.#stopTicking?.()
      this.#stopTicking = undefined
      return
    }
    if (this.#outage.isPausing) return
    if (this.#writeSlice() && this.#waiting.length >= SLICE) setImmediate(() => this.#tick())
  }

  /** Reading the text makes it. */
  #packNewest(): void {
    for (let index = this.#waiting.length - PACKED_TOGETHER; index < this.#waiting.length; index++)
      void this.#waiting[index]!.json
  }

  #writeSlice(): boolean {
    const whole = this.#waiting.length <= SLICE
    const slice = whole ? this.#waiting : this.#waiting.slice(0, SLICE)
    try {
      this.#options.write(slice)
    } catch (error) {
      this.#outage.failed(error)
      return false
    }
    this.#waiting = whole ? [] : this.#waiting.slice(SLICE)
    this.#outage.succeeded()
    return true
  }
}
