import { GatewayError } from '../errors/gateway-error.ts'
import type { Timeouts } from '../ir/snapshot.ts'
import type { Clock } from '../lib/clock.ts'
import type { Deadlines, Watch } from '../lib/deadlines.ts'

/** What is being timed. */
export interface TimedAttempt {
  /** Target, as errors name it. */
  readonly name: string
  readonly timeouts: Timeouts
  /** `Clock.now()` at which the whole request has to be over. */
  readonly totalAt: number
  /** Told once; aborts the attempt with the error. */
  abort(error: GatewayError): void
  /** Asked when nothing was heard within the connect time: true when the origin takes connections. */
  isReachable(): Promise<boolean>
}

/**
 * The four time limits of an attempt on one watch: connect, first token, silence between chunks, and the request's total.
 * Moving from one to the next costs an assignment.
 */
export class AttemptTimer implements Watch {
  at: number
  private readonly attempt: TimedAttempt
  private readonly clock: Clock
  private readonly deadlines: Deadlines
  private readonly startedAt: number
  private phase: 'connect' | 'first-token' | 'idle' | 'done' = 'connect'

  constructor(attempt: TimedAttempt, clock: Clock, deadlines: Deadlines) {
    this.attempt = attempt
    this.clock = clock
    this.deadlines = deadlines
    this.startedAt = clock.now()
    this.at = this.capped(this.startedAt + attempt.timeouts.connectMs)
    deadlines.add(this)
  }

  /** Response headers arrived: the connection stands. */
  connected(): void {
    if (this.phase !== 'connect') return
    this.phase = 'first-token'
    this.at = this.capped(this.startedAt + this.attempt.timeouts.firstTokenMs)
  }

  /** The answer has begun: from now on silence is limited. */
  began(): void {
    this.phase = 'idle'
    this.touch()
  }

  /** A chunk arrived. */
  touch(): void {
    if (this.phase === 'idle') this.at = this.capped(this.clock.now() + this.attempt.timeouts.idleMs)
  }

  /** The client is not reading: its slowness must not count as silence of the upstream. */
  pause(): void {
    if (this.phase === 'idle') this.at = this.attempt.totalAt
  }

  stop(): void {
    this.phase = 'done'
    this.deadlines.drop(this)
  }

  expire(): void {
    const { name, timeouts, totalAt } = this.attempt
    if (this.phase === 'done') return
    if (this.clock.now() >= totalAt)
      return this.fail('deadline_exceeded', `The request took longer than its total limit; ${name} was still answering.`)
    if (this.phase === 'idle')
      return this.fail('upstream_timeout', `${name} sent nothing for ${timeouts.idleMs} ms in the middle of its answer.`)
    if (this.phase === 'first-token')
      return this.fail('upstream_timeout', `${name} sent no part of an answer within ${timeouts.firstTokenMs} ms.`)
    this.phase = 'first-token'
    this.at = this.capped(this.startedAt + timeouts.firstTokenMs)
    this.deadlines.add(this)
    void this.checkConnection()
  }

  private capped(at: number): number {
    return Math.min(at, this.attempt.totalAt)
  }

  private async checkConnection(): Promise<void> {
    const { name, timeouts } = this.attempt
    const reachable = await this.attempt.isReachable().catch(() => false)
    if (!reachable && this.phase === 'first-token')
      this.fail('upstream_connect_failed', `No connection to ${name} could be made within ${timeouts.connectMs} ms.`)
  }

  private fail(code: 'deadline_exceeded' | 'upstream_timeout' | 'upstream_connect_failed', message: string): void {
    this.stop()
    this.attempt.abort(new GatewayError(code, message, { target: this.attempt.name }))
  }
}
