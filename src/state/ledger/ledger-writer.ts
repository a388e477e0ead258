import { GatewayError } from '../../errors/gateway-error.ts'
import type { LedgerEntry } from '../../ir/settlement.ts'
import type { Clock } from '../../lib/clock.ts'
import type { StoreWarning } from '../records/store.ts'
import { DurabilityCount } from './durability-count.ts'
import type { Spool } from './spool.ts'
import type { Ledger, LedgerDurability, LedgerStore, PendingEntry } from './store.ts'

/** How long an entry waits before it is written. */
const BATCH_MS = 200
/** Entries written in one go: keeps each pause of the event loop to a few milliseconds. */
const SLICE = 256
/** Pause after a failed write, so that a store that is down is not asked again and again. */
const RETRY_MS = 2_000
const DEFAULT_MAX_QUEUED = 65_536

export interface LedgerWriterOptions {
  readonly store: Pick<LedgerStore, 'write'>
  /** Undefined when there is no disk to spool to. */
  readonly spool: Spool | undefined
  readonly clock: Clock
  readonly warn: StoreWarning
  /** Answers wait for `durable`: entries are written at once, together with those that come meanwhile. */
  readonly required: boolean
  readonly isDurable: boolean
  /** Asked before entries are made: prices are loaded. Never rejects. */
  readonly prepare?: (() => Promise<void>) | undefined
  /** Told of entries that are in the store or in the local file now. */
  readonly kept?: ((entries: readonly LedgerEntry[]) => void) | undefined
  /** Most entries kept in memory. */
  readonly maxQueued?: number | undefined
}

interface Waiter {
  /** How many entries must have been seen to. */
  readonly upTo: number
  readonly resolve: () => void
  readonly reject: (error: GatewayError) => void
}

/**
 * Brings entries to the store in batches. While the store cannot take them they go to the local file, and from there to the store when it
 * can again. When the file cannot either, a bounded number waits in memory; the rest is counted and gone.
 */
export class LedgerWriter implements Ledger {
  readonly required: boolean
  readonly #options: LedgerWriterOptions
  readonly #maxQueued: number
  readonly #count = new DurabilityCount()
  #waiting: PendingEntry[] = []
  /** Neither store nor file could take them. */
  #held: LedgerEntry[] = []
  #appended = 0
  #seenTo = 0
  #waiters: Waiter[] = []
  #running: Promise<void> | undefined = undefined
  #stopTicking: (() => void) | undefined = undefined
  #isFailing = false
  #retryAt = 0
  #isClosed = false

  constructor(options: LedgerWriterOptions) {
    this.#options = options
    this.required = options.required
    this.#maxQueued = options.maxQueued ?? DEFAULT_MAX_QUEUED
    if (options.spool?.isEmpty === false) this.#tickOn()
  }

  get isKeeping(): boolean {
    return this.#held.length === 0
  }

  append(entry: PendingEntry): void {
    if (this.#waiting.length + this.#held.length >= this.#maxQueued) return this.#drop(1)
    this.#waiting.push(entry)
    this.#appended += 1
    if (this.required) void this.#start()
    else this.#tickOn()
  }

  durable(): Promise<void> {
    if (this.#seenTo === this.#appended) return Promise.resolve()
    return new Promise((resolve, reject) => {
      this.#waiters.push({ upTo: this.#appended, resolve, reject })
      void this.#start()
    })
  }

  postCommitFailed(): void {
    this.#count.postCommitFailed += 1
  }

  durability(): LedgerDurability {
    const { spool, isDurable, required } = this.#options
    return this.#count.view({
      required,
      store_configured: isDurable,
      isFailing: this.#isFailing,
      waiting: this.#waiting.length + this.#held.length,
      spooled: spool?.count ?? 0,
      spool_bytes: spool?.bytes ?? 0,
    })
  }

  /** Resolves when everything appended so far has been written or spooled, or has failed to be. */
  async flush(): Promise<void> {
    while (this.#waiting.length > 0) await this.#start()
    await this.#running
  }

  /** One last attempt, whatever happened before. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#retryAt = 0
    await this.flush()
    this.#retryAt = 0
    await this.#start()
    this.#isClosed = true
    this.#stopTicking?.()
    this.#stopTicking = undefined
    if (this.#held.length > 0) this.#drop(this.#held.splice(0).length)
  }

  #tickOn(): void {
    this.#stopTicking ??= this.#options.clock.every(BATCH_MS, () => this.#tick())
  }

  #tick(): void {
    const isIdle = this.#waiting.length === 0 && this.#held.length === 0 && (this.#options.spool?.isEmpty ?? true)
    if (!isIdle) return void this.#start()
    this.#stopTicking?.()
    this.#stopTicking = undefined
  }

  #start(): Promise<void> {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
      if (this.#waiters.length > 0 && this.#waiting.length > 0) void this.#start()
    })
    return this.#running
  }

  async #run(): Promise<void> {
    await this.#options.prepare?.()
    if (this.#held.length > 0) await this.#keep(this.#held.splice(0))
    while (this.#waiting.length > 0) {
      const slice = this.#waiting.splice(0, SLICE)
      const entries = slice.map(({ entry }) => entry)
      const isKept = await this.#keep(entries)
      if (this.#isFailing) this.#count.failed += entries.length
      this.#seenTo += slice.length
      this.#tellWaiters(isKept)
      if (this.#waiting.length > 0) await new Promise((resolve) => setImmediate(resolve))
    }
    if (this.#options.spool?.isEmpty === false && !this.#isPausing()) await this.#catchUp(this.#options.spool)
    if (this.#held.length > 0 || this.#options.spool?.isEmpty === false) this.#tickOn()
  }

  #tellWaiters(isKept: boolean): void {
    const told = this.#waiters.filter(({ upTo }) => upTo <= this.#seenTo)
    if (told.length === 0) return
    this.#waiters = this.#waiters.filter(({ upTo }) => upTo > this.#seenTo)
    for (const { resolve, reject } of told)
      if (isKept) resolve()
      else reject(notKept())
  }

  /** Whether the entries are in the store or in the file now. */
  async #keep(entries: LedgerEntry[]): Promise<boolean> {
    const isKept = (!this.#isPausing() && (await this.#write(entries))) || (await this.#spool(entries))
    if (isKept) this.#options.kept?.(entries)
    return isKept
  }

  async #write(entries: readonly LedgerEntry[], from: 'memory' | 'spool' = 'memory'): Promise<boolean> {
    const count = this.#count
    try {
      const { written, duplicates } = await this.#options.store.write(entries)
      if (this.#options.isDurable) count.persisted += written
      else count.inMemory += written
      count.duplicates += duplicates
      if (from === 'spool') count.recovered += entries.length
      count.lastOutcome = 'persisted'
      count.lastId = entries.at(-1)?.id ?? count.lastId
      this.#recovered()
      return true
    } catch (error) {
      this.#failed(error)
      return false
    }
  }

  async #spool(entries: LedgerEntry[]): Promise<boolean> {
    try {
      if (this.#options.spool === undefined) return this.#hold(entries)
      await this.#options.spool.append(entries)
      this.#count.spooled += entries.length
      this.#count.lastOutcome = 'spooled'
      this.#count.lastId = entries.at(-1)?.id ?? this.#count.lastId
      return true
    } catch (error) {
      const isNew = this.#count.lastOutcome !== 'failed'
      this.#count.failure(error, this.#options.clock.wall())
      if (isNew)
        this.#options.warn('the ledger can be written neither to its store nor to its local file; entries wait in memory', {
          error,
          most: this.#maxQueued,
        })
      return this.#hold(entries)
    }
  }

  #hold(entries: LedgerEntry[]): false {
    this.#count.lastOutcome = 'failed'
    const room = Math.max(0, this.#maxQueued - this.#waiting.length - this.#held.length)
    this.#held.push(...entries.slice(0, room))
    if (entries.length > room) this.#drop(entries.length - room)
    return false
  }

  async #catchUp(spool: Spool): Promise<void> {
    try {
      for await (const entries of spool.batches(SLICE)) if (!(await this.#write(entries, 'spool'))) return
      await spool.clear()
      this.#options.warn('the ledger has taken over what its local file held', { recovered: this.#count.recovered })
    } catch (error) {
      this.#failed(error)
    }
  }

  #isPausing(): boolean {
    return this.#isFailing && this.#options.clock.now() < this.#retryAt
  }

  #failed(error: unknown): void {
    this.#retryAt = this.#options.clock.now() + RETRY_MS
    this.#count.failure(error, this.#options.clock.wall())
    if (this.#isFailing) return
    this.#isFailing = true
    this.#options.warn('the ledger cannot be written; requests are served on, its entries go to a local file', { error })
  }

  #recovered(): void {
    if (!this.#isFailing) return
    this.#isFailing = false
    this.#options.warn('the ledger is written again', { dropped: this.#count.dropped })
  }

  #drop(count: number): void {
    if (this.#count.dropped === 0)
      this.#options.warn('entries of the ledger are lost: neither store nor local file take them, and memory is full', {
        most: this.#maxQueued,
      })
    this.#count.dropped += count
  }
}

const notKept = (): GatewayError =>
  new GatewayError(
    'usage_persistence_failed',
    'What this call cost could be written neither to the ledger nor to its local file, and ledger.required asks for that. Check the disk and the database of the gateway.',
  )
