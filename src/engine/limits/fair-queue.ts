import { GatewayError } from '../../errors/gateway-error.ts'
import type { CallPriority } from '../../ir/limits.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Deadlines, Watch } from '../../lib/deadlines.ts'
import { whenever, type Eventually } from '../../lib/eventually.ts'
import { clientGone } from '../execution-errors.ts'
import { FreedPlaces } from './freed-places.ts'

/** One call that wants a place. */
export interface Ticket {
  /** Whose call it is: places are shared out between these. */
  readonly flow: string
  readonly priority: CallPriority
  /** Aborts when the client goes away. */
  readonly signal: AbortSignal
  /** Tries to take a place. False when there is none; rejects when the call may not be served at all. */
  acquire(): Eventually<boolean>
  /** Gives back a place that was taken for a call that is gone. */
  giveBack(): void
}

export interface FairQueueOptions {
  readonly clock: Clock
  readonly deadlines: Deadlines
  readonly timeoutMs: number
  readonly maxQueued: number
}

interface Waiter {
  readonly ticket: Ticket
  readonly since: number
  readonly admitted: (waitedMs: number) => void
  readonly refused: (error: unknown) => void
  readonly watch: Watch
  readonly abort: () => void
  isGone: boolean
}

/** Places may come free in other processes, and when the lease of a dead one ends. */
const LOOK_EVERY_MS = 100
const CLASSES: readonly CallPriority[] = ['high', 'normal', 'low']

/**
 * Calls that wait for a place. A higher priority goes first; within one, the flow with the fewest calls under way, then the one that was
 * served longest ago; within a flow the order of arrival. Nobody waits longer than `timeoutMs`.
 */
export class FairQueue {
  private options: FairQueueOptions
  /** By priority, then by flow. A flow without waiting calls is not there. */
  private readonly waiting: Readonly<Record<CallPriority, Map<string, Waiter[]>>> = {
    high: new Map(),
    normal: new Map(),
    low: new Map(),
  }
  private readonly running = new Map<string, number>()
  /** When flows were served last, by count. Those that neither wait nor run are forgotten. */
  private readonly servedAt = new Map<string, number>()
  private readonly freed: FreedPlaces
  private turns = 0
  private count = 0
  private isServing = false
  private stopLooking: (() => void) | undefined = undefined

  constructor(options: FairQueueOptions) {
    this.options = options
    this.freed = new FreedPlaces(options.clock)
  }

  /** Whoever waits already waits by the limits it came under. */
  configure(bounds: Pick<FairQueueOptions, 'timeoutMs' | 'maxQueued'>): void {
    this.options = { ...this.options, ...bounds }
  }

  /** Milliseconds that whoever waits for longest has waited; 0 when nobody does. */
  get longestWaitMs(): number {
    let earliest = Number.POSITIVE_INFINITY
    for (const flows of Object.values(this.waiting))
      for (const [first] of flows.values()) if (first !== undefined) earliest = Math.min(earliest, first.since)
    return earliest === Number.POSITIVE_INFINITY ? 0 : this.options.clock.now() - earliest
  }

  get size(): number {
    return this.count
  }

  /** The time waited, when the call has its place. */
  enter(ticket: Ticket): Eventually<number> {
    if (this.count > 0) return this.wait(ticket)
    return whenever(ticket.acquire(), (hasPlace) => {
      if (!hasPlace) return this.wait(ticket)
      this.started(ticket.flow)
      return 0
    })
  }

  private wait(ticket: Ticket): Promise<number> {
    if (this.count >= this.options.maxQueued) throw this.full(0)
    return new Promise((resolve, reject) => {
      this.add(ticket, resolve, reject)
      void this.serve()
    })
  }

  /** A call has ended, and its place is free. */
  left(flow: string): void {
    this.freed.count()
    const running = (this.running.get(flow) ?? 1) - 1
    if (running > 0) this.running.set(flow, running)
    else this.running.delete(flow)
    this.forgetIdle(flow)
    if (this.count > 0) void this.serve()
  }

  private add(ticket: Ticket, admitted: Waiter['admitted'], refused: Waiter['refused']): void {
    const { clock, deadlines, timeoutMs } = this.options
    const since = clock.now()
    const waiter: Waiter = {
      ticket,
      since,
      admitted,
      refused,
      watch: deadlines.watch(since + timeoutMs, () => this.give(waiter, this.full(timeoutMs))),
      abort: () => this.give(waiter, clientGone()),
      isGone: false,
    }
    ticket.signal.addEventListener('abort', waiter.abort, { once: true })
    const flows = this.waiting[ticket.priority]
    const others = flows.get(ticket.flow)
    if (others === undefined) flows.set(ticket.flow, [waiter])
    else others.push(waiter)
    this.count++
    this.stopLooking ??= clock.every(LOOK_EVERY_MS, () => void this.serve())
  }

  /** Gives places to those whose turn it is, until there are none. */
  private async serve(): Promise<void> {
    if (this.isServing) return
    this.isServing = true
    try {
      for (let next = this.next(); next !== undefined; next = this.next()) {
        const hasPlace = await taken(next)
        if (hasPlace === false) break
        if (next.isGone) {
          if (hasPlace === true) next.ticket.giveBack()
        } else if (hasPlace === true) {
          this.remove(next)
          this.started(next.ticket.flow)
          next.admitted(this.options.clock.now() - next.since)
        } else this.give(next, hasPlace.error)
      }
    } finally {
      this.isServing = false
    }
  }

  private next(): Waiter | undefined {
    for (const priority of CLASSES) {
      let best: string | undefined
      for (const flow of this.waiting[priority].keys()) if (best === undefined || this.goesBefore(flow, best)) best = flow
      if (best !== undefined) return this.waiting[priority].get(best)?.[0]
    }
    return undefined
  }

  private goesBefore(left: string, right: string): boolean {
    const difference = (this.running.get(left) ?? 0) - (this.running.get(right) ?? 0)
    return difference < 0 || (difference === 0 && (this.servedAt.get(left) ?? 0) < (this.servedAt.get(right) ?? 0))
  }

  private started(flow: string): void {
    this.running.set(flow, (this.running.get(flow) ?? 0) + 1)
    this.servedAt.set(flow, ++this.turns)
  }

  private give(waiter: Waiter, error: unknown): void {
    this.remove(waiter)
    waiter.refused(error)
  }

  private remove(waiter: Waiter): void {
    if (waiter.isGone) return
    waiter.isGone = true
    const { ticket, watch, abort } = waiter
    this.options.deadlines.drop(watch)
    ticket.signal.removeEventListener('abort', abort)
    const flows = this.waiting[ticket.priority]
    const others = flows.get(ticket.flow) ?? []
    others.splice(others.indexOf(waiter), 1)
    if (others.length === 0) flows.delete(ticket.flow)
    this.forgetIdle(ticket.flow)
    if (--this.count > 0) return
    this.stopLooking?.()
    this.stopLooking = undefined
  }

  private forgetIdle(flow: string): void {
    if (!this.running.has(flow) && CLASSES.every((priority) => !this.waiting[priority].has(flow))) this.servedAt.delete(flow)
  }

  private full(waitedMs: number): GatewayError {
    const retryAfterMs = this.freed.expectedWaitMs(this.count + 1)
    const tried = waitedMs === 0 ? 'the queue is full' : `no place came free within ${Math.round(waitedMs / 1000)} s`
    return new GatewayError(
      'admission_timeout',
      `The gateway is serving as many calls as it may, and ${tried}. Send the request again in ${Math.ceil(retryAfterMs / 1000)} s.`,
      { retryAfterMs },
    )
  }
}

async function taken({ ticket }: Waiter): Promise<boolean | { readonly error: unknown }> {
  try {
    return await ticket.acquire()
  } catch (error) {
    return { error }
  }
}
