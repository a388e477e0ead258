import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { GatewayError } from '../../errors/gateway-error.ts'
import type { Clock } from '../../lib/clock.ts'
import { EncryptedFile } from './encrypted-file.ts'
import { eraseCapture, readOrders, writeOrder } from './order-file.ts'
import type { CapturedCall, CaptureEnd, CaptureKeeping, CaptureOrder, CaptureStore } from './store.ts'

export interface CaptureFolderOptions extends CaptureKeeping {
  /** Made with the first capture. */
  readonly path: string
  readonly clock: Clock
  /** Told when a capture ends by itself and when its bodies are deleted, for the audit. */
  readonly ended: (order: CaptureOrder, what: 'expired' | 'full' | 'deleted') => void
  /** Told once of a capture whose bodies are to go and cannot be deleted; it is tried again and again. */
  readonly undeletable: (order: CaptureOrder, error: unknown) => void
}

const TICK_MS = 5_000
/** Bodies that are written at the same time; further calls are not captured, and counted as cut. */
const MOST_OPEN = 128

/** Captures in a folder. Orders are few: all of them are in memory. */
export function openCaptureFolder(options: CaptureFolderOptions): CaptureStore {
  return new CaptureFolder(options)
}

class CaptureFolder implements CaptureStore {
  readonly #options: CaptureFolderOptions
  #keeping: CaptureKeeping
  readonly #orders = new Map<string, CaptureOrder>()
  /** Those in force by key. */
  readonly #active = new Map<string | undefined, string>()
  readonly #open = new Set<Promise<void>>()
  readonly #changed = new Set<string>()
  readonly #undeletable = new Set<string>()
  #stopTicking: (() => void) | undefined = undefined

  constructor(options: CaptureFolderOptions) {
    this.#options = options
    this.#keeping = options
    for (const order of readOrders(options.path)) this.#orders.set(order.id, order)
    for (const order of this.#orders.values()) if (order.ended === undefined) this.#active.set(order.key, order.id)
    this.#tick()
    if (this.#orders.size > 0) this.#watch()
  }

  get isActive(): boolean {
    return this.#active.size > 0
  }

  begin(key: string | undefined, requestId: string): CapturedCall | undefined {
    const id = this.#active.get(key)
    const order = id === undefined ? undefined : this.#orders.get(id)
    if (order === undefined) return undefined
    if (order.until <= this.#options.clock.wall()) {
      this.#end(order.id, 'expired')
      return undefined
    }
    if (this.#open.size >= MOST_OPEN) {
      this.#change(order.id, ({ cut }) => ({ cut: cut + 1 }))
      return undefined
    }
    this.#change(order.id, ({ calls }) => ({ calls: calls + 1 }))
    return { capture: order.id, body: (name) => this.#body(order, `${requestId}.${name}.age`) }
  }

  start(order: Pick<CaptureOrder, 'key' | 'recipients' | 'by' | 'until'>): CaptureOrder {
    const { path, clock } = this.#options
    const started: CaptureOrder = {
      id: `cap_${randomBytes(6).toString('hex')}`,
      ...order,
      startedAt: clock.wall(),
      calls: 0,
      bytes: 0,
      cut: 0,
    }
    try {
      mkdirSync(join(path, started.id), { recursive: true, mode: 0o700 })
      writeOrder(path, started)
    } catch (cause) {
      throw new GatewayError(
        'state_unavailable',
        `Nothing can be captured, because ${path} cannot be written. Check its rights and the disk.`,
        {
          cause,
        },
      )
    }
    this.#orders.set(started.id, started)
    this.#active.set(started.key, started.id)
    this.#watch()
    return started
  }

  stop(id: string): boolean {
    const isInForce = this.#orders.get(id)?.ended === undefined && this.#orders.has(id)
    if (isInForce) this.#end(id, 'stopped')
    return isInForce
  }

  remove(id: string): boolean {
    const order = this.#orders.get(id)
    if (order === undefined) return false
    this.stop(id)
    eraseCapture(this.#options.path, id)
    this.#orders.delete(id)
    this.#changed.delete(id)
    this.#undeletable.delete(id)
    this.#options.ended(order, 'deleted')
    return true
  }

  configure(keeping: CaptureKeeping): void {
    this.#keeping = keeping
  }

  list(): readonly CaptureOrder[] {
    return [...this.#orders.values()].reverse()
  }

  async flush(): Promise<void> {
    await Promise.all(this.#open)
    this.#save()
  }

  async close(): Promise<void> {
    this.#stopTicking?.()
    this.#stopTicking = undefined
    await this.flush()
  }

  #body(order: CaptureOrder, name: string): EncryptedFile {
    const { path } = this.#options
    const file = new EncryptedFile({
      path: join(path, order.id, name),
      recipients: order.recipients,
      admit: (bytes) => this.#admit(order.id, bytes),
    })
    const done = this.#written(order.id, file).finally(() => this.#open.delete(done))
    this.#open.add(done)
    return file
  }

  async #written(id: string, file: EncryptedFile): Promise<void> {
    if (!(await file.done)) this.#change(id, ({ cut }) => ({ cut: cut + 1 }))
  }

  /** Bytes beyond the bound end the capture; one that has ended takes none, also of calls that still run. */
  #admit(id: string, bytes: number): boolean {
    const order = this.#orders.get(id)
    if (order === undefined || order.ended !== undefined) return false
    if (order.bytes + bytes > this.#keeping.maxBytes) {
      this.#end(id, 'full')
      return false
    }
    this.#change(id, (known) => ({ bytes: known.bytes + bytes }))
    return true
  }

  #end(id: string, why: CaptureEnd): void {
    this.#change(id, () => ({ ended: { at: this.#options.clock.wall(), why } }))
    const order = this.#orders.get(id)
    if (order === undefined) return
    if (this.#active.get(order.key) === id) this.#active.delete(order.key)
    this.#save()
    if (why !== 'stopped') this.#options.ended(order, why)
  }

  #change(id: string, change: (order: CaptureOrder) => Partial<CaptureOrder>): void {
    const order = this.#orders.get(id)
    if (order === undefined) return
    this.#orders.set(id, { ...order, ...change(order) })
    this.#changed.add(id)
  }

  /** Runs only while there is something to end or to delete. */
  #watch(): void {
    this.#stopTicking ??= this.#options.clock.every(TICK_MS, () => this.#tick())
  }

  #tick(): void {
    const { retentionMs } = this.#keeping
    const now = this.#options.clock.wall()
    for (const order of this.list()) {
      const { id, ended, until } = order
      if (ended === undefined && until <= now) this.#end(id, 'expired')
      // Counted from its own end: a gateway that was down for long keeps nothing longer for it.
      if (Math.min(ended?.at ?? Infinity, until) + retentionMs <= now) this.#removeInTime(order)
    }
    this.#save()
    if (this.#orders.size > 0) return
    this.#stopTicking?.()
    this.#stopTicking = undefined
  }

  #removeInTime(order: CaptureOrder): void {
    try {
      this.remove(order.id)
    } catch (error) {
      if (!this.#undeletable.has(order.id)) this.#options.undeletable(order, error)
      this.#undeletable.add(order.id)
    }
  }

  #save(): void {
    for (const id of this.#changed) {
      const order = this.#orders.get(id)
      this.#changed.delete(id)
      if (order === undefined) continue
      try {
        writeOrder(this.#options.path, order)
      } catch {
        // The counts stay behind until the disk takes them; when the bodies go is not changed by that.
        return
      }
    }
  }
}
