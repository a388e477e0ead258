import type { Clock } from '../lib/clock.ts'
import type { EndedRequest, EndedRequestListener } from './ended-request.ts'

/** So many are told one after the other: the code that counts is then in the processor's caches, and little is held on to. */
const TOLD_TOGETHER = 32
/** How late a listener may hear of a request. */
const LONGEST_WAIT_MS = 250

/**
 * Requests that have ended, on their way to whoever counts, traces or watches them. Taking one is an append; the listeners are told
 * several at a time, away from the path of an answer.
 */
export class EndedRequests {
  private readonly clock: Clock
  private listeners: readonly EndedRequestListener[]
  private readonly fault: (error: unknown) => void
  private waiting: EndedRequest[] = []
  private stopTicking: (() => void) | undefined = undefined

  /** `fault` hears of a listener that failed: watching must not fail a request. */
  constructor(clock: Clock, listeners: readonly EndedRequestListener[], fault: (error: unknown) => void) {
    this.clock = clock
    this.listeners = listeners
    this.fault = fault
  }

  readonly take: EndedRequestListener = (request) => {
    if (this.waiting.push(request) >= TOLD_TOGETHER) this.tell()
    this.stopTicking ??= this.clock.every(LONGEST_WAIT_MS, () => this.tick())
  }

  /** Tells the listeners of everything taken so far. */
  tell(): void {
    const requests = this.waiting
    if (requests.length === 0) return
    this.waiting = []
    for (const listener of this.listeners) this.tellOne(listener, requests)
  }

  /** Tells others from now on. What was taken before is told to those who were there. */
  tellTo(listeners: readonly EndedRequestListener[]): void {
    this.tell()
    this.listeners = listeners
  }

  close(): void {
    this.tell()
    this.stopTicking?.()
    this.stopTicking = undefined
  }

  private tellOne(listener: EndedRequestListener, requests: readonly EndedRequest[]): void {
    try {
      for (const request of requests) listener(request)
    } catch (error) {
      this.fault(error)
    }
  }

  /** The timer runs only while requests come. */
  private tick(): void {
    if (this.waiting.length > 0) {
      this.tell()
      return
    }
    this.stopTicking?.()
    this.stopTicking = undefined
  }
}
