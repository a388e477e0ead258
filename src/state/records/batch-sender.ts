import type { Clock } from '../../lib/clock.ts'
import type { BatchQueue } from './batched-records.ts'
import type { BatchSpool, KeyedBatch } from './batch-spool.ts'
import { packBatch, type BatchRow } from './record-batch.ts'
import type { PackedRecord, RecordBacklog, StoreWarning } from './store.ts'
import { WriteOutage } from './write-outage.ts'

/** How long a record waits before it is sent. */
const BATCH_MS = 200
/** Records of one batch: keeps each pause of the event loop to a few milliseconds. */
const MOST_IN_BATCH = 512
/** A batch that is not known to be written after so long goes to the local file too. */
const SPOOL_AFTER_MS = 50
/** Pause after a failed sending. */
const RETRY_MS = 1_000
/** About 150 bytes each once they are packed. */
const DEFAULT_MAX_QUEUED = 65_536

export interface BatchSenderOptions {
  readonly clock: Clock
  readonly warn: StoreWarning
  /** Begins the keys of batches; unique among all processes that ever write. */
  readonly writer: string
  /**
   * Writes a batch under its key. Must do nothing when the key is there already: a batch is sent again when it is not known what became
   * of it.
   */
  readonly send: (key: string, row: BatchRow) => Promise<void>
  /** Whether a failure will come again however often the same batch is sent. */
  readonly isHopeless: (error: unknown) => boolean
  /** Undefined where there is no disk for what the database does not take at once. */
  readonly spool?: BatchSpool | undefined
  /** Most records kept while the database cannot be written. */
  readonly maxQueued?: number | undefined
}

interface SealedBatch extends KeyedBatch {
  readonly size: number
  isSpooled: boolean
}

/** Collects records and sends them in batches, one after the other, each until it is known to be written, and once only. */
export class BatchSender implements BatchQueue {
  readonly #options: BatchSenderOptions
  readonly #maxQueued: number
  readonly #outage: WriteOutage
  #open: PackedRecord[] = []
  #sealed: SealedBatch[] = []
  #sealedRecords = 0
  #batches = 0
  #stopTicking: (() => void) | undefined = undefined
  #sending: Promise<void> | undefined = undefined

  constructor(options: BatchSenderOptions) {
    this.#options = options
    this.#maxQueued = options.maxQueued ?? DEFAULT_MAX_QUEUED
    this.#outage = new WriteOutage({ ...options, retryMs: RETRY_MS, maxQueued: this.#maxQueued })
    for (const { key, row } of options.spool?.load() ?? []) this.#queue({ key, row, size: row[4], isSpooled: true })
    if (this.#sealed.length > 0) this.#tickOn()
  }

  /** Records that are not known to be written. */
  get waiting(): number {
    return this.#open.length + this.#sealedRecords
  }

  get backlog(): RecordBacklog {
    return this.#outage.backlog(this.waiting)
  }

  append(record: PackedRecord): void {
    if (this.waiting >= this.#maxQueued) {
      this.#outage.overflowed(this.waiting)
      return
    }
    this.#open.push(record)
    if (this.#open.length >= MOST_IN_BATCH) this.#seal()
    this.#tickOn()
  }

  async drain(): Promise<void> {
    this.#seal()
    if (this.#outage.isPausing) return
    await this.#send()
    // What was sealed while a sending was under way.
    if (this.#sealed.length > 0 && !this.#outage.isPausing) await this.#send()
  }

  async close(): Promise<void> {
    this.#outage.endPause()
    await this.drain()
    this.#stopTicking?.()
    this.#stopTicking = undefined
    this.#spoolAll()
    const lost = this.#sealed.reduce((sum, { size, isSpooled }) => sum + (isSpooled ? 0 : size), 0)
    if (lost > 0) this.#options.warn('request records are lost: they could not be written at the end', { lost })
  }

  #tickOn(): void {
    this.#stopTicking ??= this.#options.clock.every(BATCH_MS, () => this.#tick())
  }

  #tick(): void {
    this.#seal()
    if (this.#sealed.length === 0) {
      this.#stopTicking?.()
      this.#stopTicking = undefined
      return
    }
    if (!this.#outage.isPausing) void this.#send()
    if (this.#options.spool !== undefined) void this.#options.clock.sleep(SPOOL_AFTER_MS).then(() => this.#spoolAll())
  }

  /** What has waited for long enough outlives the process from now on. */
  #spoolAll(): void {
    for (const batch of this.#sealed) if (!batch.isSpooled) batch.isSpooled = this.#options.spool?.add(batch) ?? false
  }

  #seal(): void {
    if (this.#open.length === 0) return
    const records = this.#open
    this.#open = []
    this.#batches += 1
    const key = `${this.#options.writer}-${this.#batches}`
    this.#queue({ key, row: packBatch(records), size: records.length, isSpooled: false })
  }

  #queue(batch: SealedBatch): void {
    this.#sealed.push(batch)
    this.#sealedRecords += batch.size
  }

  /** Sends what is sealed until something fails. Never rejects. */
  #send(): Promise<void> {
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = undefined
    })
    return this.#sending
  }

  async #sendAll(): Promise<void> {
    for (let batch = this.#sealed[0]; batch !== undefined; batch = this.#sealed[0]) {
      try {
        await this.#options.send(batch.key, batch.row)
      } catch (error) {
        if (!this.#options.isHopeless(error)) {
          this.#outage.failed(error)
          return
        }
        this.#outage.refused(batch.size, error)
      }
      this.#sealed.shift()
      this.#sealedRecords -= batch.size
      this.#outage.succeeded()
    }
    this.#options.spool?.clear()
  }
}
