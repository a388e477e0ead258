import type { CircuitBreakerSettings } from '../../ir/resilience.ts'

export type CircuitState = 'closed' | 'open' | 'half_open'

/**
 * How long a probe may stay out before another one is given. Longer than the default 10 s to connect and 120 s to the first token
 * together, so that only a permit that was lost runs into it.
 */
const PROBE_LEASE_MS = 135_000
/** The same for the probe of another process, of whose end nothing may be heard should that process die. */
const PROBE_ELSEWHERE_MS = 30_000
/** When to ask again while a probe is out: its outcome may come at any moment. */
const PROBE_POLL_MS = 1_000

/**
 * Gives up on what fails several times in a row, and later lets a single call try. Each call carries the ticket it got; what calls of
 * an earlier state of the circuit report is ignored, so that stragglers neither lengthen an outage nor end it.
 */
export class CircuitBreaker {
  private failures = 0
  /** `Clock.now()` from which a probe may go; undefined while closed. */
  private openUntil: number | undefined
  /** End of the lease of the probe that is out. */
  private probeUntil: number | undefined
  private ticket = 0
  /** The probe that closed the circuit with its first token. */
  private provisional: number | undefined

  /** Nothing but successes lately: there is nothing to remember. */
  get blank(): boolean {
    return this.openUntil === undefined && this.failures === 0
  }

  /** `Clock.now()` from which a probe may go; undefined while closed. */
  get openEnd(): number | undefined {
    return this.openUntil
  }

  /** A probe has been given, and nothing heard of it. */
  get isProbed(): boolean {
    return this.probeUntil !== undefined
  }

  state(now: number): CircuitState {
    if (this.openUntil === undefined) return 'closed'
    return now < this.openUntil ? 'open' : 'half_open'
  }

  /** Milliseconds until a call may go; 0 when one may go now. */
  waitMs(now: number): number {
    if (this.openUntil === undefined) return 0
    if (now < this.openUntil) return this.openUntil - now
    if (this.probeUntil === undefined || now >= this.probeUntil) return 0
    return Math.min(PROBE_POLL_MS, this.probeUntil - now)
  }

  /** The ticket of a call that `waitMs` lets go. On a half-open circuit the call is the probe. */
  admit(now: number): number {
    if (this.openUntil === undefined) return this.ticket
    this.probeUntil = now + PROBE_LEASE_MS
    this.ticket += 1
    return this.ticket
  }

  /** A probe has begun to answer, so other calls need not wait for its end. Should it fail after all, the circuit opens again. */
  answering(ticket: number): void {
    if (ticket !== this.ticket || this.openUntil === undefined) return
    this.close()
    this.provisional = ticket
    this.ticket += 1
  }

  /** The call worked: the failures before it no longer count, and a probe closes the circuit. */
  succeeded(ticket: number): void {
    if (ticket === this.ticket) this.close()
  }

  /** The call failed: the last of several in a row opens the circuit, and so does a probe. */
  failed(ticket: number, now: number, { failureThreshold, openMs }: CircuitBreakerSettings): void {
    if (ticket !== this.ticket && ticket !== this.provisional) return
    const isProbe = ticket === this.provisional || this.openUntil !== undefined
    this.failures += 1
    if (!isProbe && this.failures < failureThreshold) return
    this.close()
    this.openUntil = now + openMs
    this.ticket += 1
  }

  /** The call says nothing of the other side: if it was the probe, the next call may be one. */
  abstained(ticket: number): void {
    if (ticket === this.ticket) this.probeUntil = undefined
  }

  /** Another process probes, or does so no longer without having found out anything. */
  probeElsewhere(isOut: boolean, now: number): void {
    if (this.openUntil !== undefined) this.probeUntil = isOut ? now + PROBE_ELSEWHERE_MS : undefined
  }

  /** Opens until then; calls under way no longer count. One that is open for longer stays so. */
  openUntilAtLeast(end: number): void {
    if (this.openUntil !== undefined && this.openUntil >= end) return
    this.close()
    this.openUntil = end
    this.ticket += 1
  }

  /** Forgets everything; calls under way no longer count. */
  reset(): void {
    this.close()
    this.ticket += 1
  }

  private close(): void {
    this.failures = 0
    this.openUntil = undefined
    this.probeUntil = undefined
    this.provisional = undefined
  }
}
