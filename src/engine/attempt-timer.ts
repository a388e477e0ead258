import { GatewayError } from '../errors/gateway-error.ts'
import type { Timeouts } from '../ir/snapshot.ts'
import type { Clock } from '../lib/clock.ts'
import type { Deadlines, Watch } from '../lib/deadlines.ts'

export interface AttemptTimerOptions {
  readonly clock: Clock
  readonly deadlines: Deadlines
  readonly timeouts: Timeouts
  /** `Clock.now()` at which the whole request has to be over. */
  readonly totalAt: number
  /** Told once; aborts the attempt with the error. */
  readonly expire: (error: GatewayError) => void
  /** Asked when nothing was heard within the connect time: true when the origin takes connections. */
  readonly isReachable: () => Promise<boolean>
  readonly target: string
}

/**
 * The four time limits of an attempt on one watch: connect, first token, silence between chunks, and the request's total.
 * Moving from one to the next costs an assignment.
 */
export class AttemptTimer {
  private readonly options: AttemptTimerOptions
  private readonly startedAt: number
  private phase: 'connect' | 'first-token' | 'idle' | 'done' = 'connect'
  private watch: Watch

  constructor(options: AttemptTimerOptions) {
    this.options = options
    this.startedAt = options.clock.now()
    this.watch = options.deadlines.watch(this.capped(this.startedAt + options.timeouts.connectMs), this.onExpire)
  }

  /** Response headers arrived: the connection stands. */
  connected(): void {
    if (this.phase !== 'connect') return
    this.phase = 'first-token'
    this.watch.at = this.capped(this.startedAt + this.options.timeouts.firstTokenMs)
  }

  /** The answer has begun: from now on silence is limited. */
  began(): void {
    this.phase = 'idle'
    this.touch()
  }

  /** A chunk arrived. */
  touch(): void {
    if (this.phase === 'idle') this.watch.at = this.capped(this.options.clock.now() + this.options.timeouts.idleMs)
  }

  /** The client is not reading: its slowness must not count as silence of the upstream. */
  pause(): void {
    if (this.phase === 'idle') this.watch.at = this.options.totalAt
  }

  stop(): void {
    this.phase = 'done'
    this.options.deadlines.drop(this.watch)
  }

  private capped(at: number): number {
    return Math.min(at, this.options.totalAt)
  }

  private readonly onExpire = (): void => {
    const { clock, deadlines, timeouts, target, totalAt } = this.options
    if (this.phase === 'done') return
    if (clock.now() >= totalAt)
      return this.fail('deadline_exceeded', `The request took longer than its total limit; ${target} was still answering.`)
    if (this.phase === 'idle')
      return this.fail('upstream_timeout', `${target} sent nothing for ${timeouts.idleMs} ms in the middle of its answer.`)
    if (this.phase === 'first-token')
      return this.fail('upstream_timeout', `${target} sent no part of an answer within ${timeouts.firstTokenMs} ms.`)
    this.phase = 'first-token'
    this.watch = deadlines.watch(this.capped(this.startedAt + timeouts.firstTokenMs), this.onExpire)
    void this.checkConnection()
  }

  private async checkConnection(): Promise<void> {
    const { isReachable, timeouts, target } = this.options
    const reachable = await isReachable().catch(() => false)
    if (!reachable && this.phase === 'first-token')
      this.fail('upstream_connect_failed', `No connection to ${target} could be made within ${timeouts.connectMs} ms.`)
  }

  private fail(code: 'deadline_exceeded' | 'upstream_timeout' | 'upstream_connect_failed', message: string): void {
    this.stop()
    this.options.expire(new GatewayError(code, message, { target: this.options.target }))
  }
}
