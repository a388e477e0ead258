import type { NextStep } from '../errors/codes.ts'
import type { GatewayError } from '../errors/gateway-error.ts'
import type { Diagnostic } from '../ir/diagnostic.ts'
import type { AttemptRecord } from '../ir/record.ts'
import type { HedgeSettings } from '../ir/resilience.ts'
import type { AttemptPurpose } from '../ir/settlement.ts'
import type { TraceContext } from '../observability/tracing/trace-context.ts'
import type { AttemptResult } from './attempt-result.ts'
import type { AttemptEnding } from './attempt-context.ts'
import { AttemptRun } from './attempt-run.ts'
import type { AttemptEnd } from './call-outcome.ts'
import { EndpointRun } from './endpoints/endpoint-run.ts'
import type { Call } from './engine.ts'
import type { Decided, ExecutionDeps } from './execution-deps.ts'
import { clientGone, internalFault } from './execution-errors.ts'
import { createItinerary, type Itinerary } from './itinerary.ts'
import { raceAttempts } from './race-attempts.ts'
import { retryDelayMs } from './retry-delay.ts'
import { hasSideEffects, mayHaveHappened } from './side-effects.ts'
import type { StreamFacts } from './stream-facts.ts'

type AttemptFailure = Extract<AttemptResult, { kind: 'failed' }>

/** The attempts of one call: from place to place, with retries, waits and hedges, until one answers or nothing is left. */
export class AttemptLoop {
  /** Those that are over, in the order in which they ended. */
  readonly attempts: AttemptRecord[] = []
  /** What decoding the request and encoding it for an upstream had to report. */
  diagnostics: readonly Diagnostic[]
  readonly itinerary: Itinerary
  /** The attempt whose answer is, or may become, the client's. */
  current: AttemptRun | undefined = undefined
  /** Time spent waiting for upstreams, back-offs and recoveries, in ms. */
  waitedMs = 0
  private readonly call: Call
  private readonly deps: ExecutionDeps
  private readonly decided: Decided
  /** `Clock.now()` at which the request has to be over. */
  private readonly totalAt: number
  /** Attempts that run beside each other. */
  private readonly racing = new Set<AttemptRun>()
  /** Where the call stands in a trace; undefined where nothing is traced. */
  readonly trace: TraceContext | undefined
  /** Why the gateway itself ended the call. */
  private stopped: GatewayError | undefined = undefined
  /** Ends a pause. */
  private wake: (() => void) | undefined = undefined
  /** Attempts that have begun. */
  private begun = 0
  private cancelled = false

  constructor(call: Call, decided: Decided, deps: ExecutionDeps) {
    this.call = call
    this.decided = decided
    this.deps = deps
    this.itinerary = createItinerary(decided, deps)
    this.totalAt = call.receivedAt + Math.min(decided.route.timeouts.totalMs ?? Infinity, decided.plan.deadlineMs ?? Infinity)
    this.diagnostics = call.diagnostics
    this.trace = deps.traces?.begin(call.requestId, call.headers)
  }

  /** The client went away: every upstream is told at once. Returns what the client had got of a stream. */
  cancel(): StreamFacts | undefined {
    this.cancelled = true
    const facts = this.current?.streamed
    for (const attempt of this.racing) this.giveUp(attempt, 'client')
    this.current?.abort(clientGone())
    this.closeAttempt('cancelled', { facts, reason: 'client' })
    return facts
  }

  /** The gateway ends the call: attempts under way fail with this error, a begun stream tells it, and nothing else is tried. */
  stop(error: GatewayError): void {
    this.stopped ??= error
    this.wake?.()
    for (const attempt of this.racing) attempt.abort(error)
    this.current?.abort(error)
  }

  /** Goes from place to place until one answers or nothing is left. Never rejects. */
  async run(): Promise<AttemptResult> {
    const { itinerary } = this
    try {
      if (this.isOver) return this.nothingLeft()
      while (!itinerary.begin()) if (!(await this.recovered()) && (this.isOver || !itinerary.insist())) return this.nothingLeft()
      for (;;) {
        const hedge = this.hedging()
        const attempt = this.start()
        const result = hedge === undefined ? await attempt.run() : await this.race(attempt, hedge)
        this.waitedMs += hedge === undefined ? attempt.waitedMs : this.deps.clock.now() - attempt.startedAt
        const found = this.current?.diagnostics ?? NONE
        if (found.length > 0) this.diagnostics = [...this.diagnostics, ...found]
        if (this.isOver) {
          if (result.kind === 'stream') result.stream.stop()
          this.closeAttempt('cancelled', { facts: result.kind === 'failed' ? undefined : result.facts, reason: 'stopped' })
          return this.nothingLeft()
        }
        if (result.kind !== 'failed') return result
        const next = this.afterFailure(result.error)
        const { retries } = itinerary
        if (!itinerary.advance(next, result.error)) return this.nothingLeft()
        // A place that was just arrived at has nothing to recover from.
        if (itinerary.retries === 0) continue
        await this.pause(retryDelayMs(this.decided, retries, this.deps.random))
        if (!this.isOver) continue
        itinerary.abandon()
        return this.nothingLeft()
      }
    } catch (fault) {
      const error = internalFault(fault)
      for (const attempt of this.racing) this.giveUp(attempt, undefined)
      this.closeAttempt('failed', { error, next: 'stop' })
      return failed(error)
    }
  }

  /** The client has left, or the gateway has ended the call: nothing else is to be tried. */
  get isOver(): boolean {
    return this.cancelled || this.stopped !== undefined
  }

  private nothingLeft(): AttemptFailure {
    return failed(this.cancelled ? clientGone() : (this.stopped ?? this.itinerary.error))
  }

  private start(purpose: AttemptPurpose = 'answer'): AttemptRun {
    const Run = this.call.endpoint === undefined ? AttemptRun : EndpointRun
    this.current = new Run(
      { call: this.call, decided: this.decided, totalAt: this.totalAt, number: this.begun++, purpose, trace: this.trace },
      this.itinerary.dispatch,
      this.deps,
    )
    return this.current
  }

  /** Whether a second attempt may be made beside a slow first one: never where something could happen twice. */
  private hedging(): HedgeSettings | undefined {
    const { plan, route, snapshot } = this.decided
    const enabled = route.resilience?.hedge?.enabled ?? snapshot.resilience.hedge.enabled
    if (!enabled || plan.targets.length < 2 || hasSideEffects(this.call)) return undefined
    const { delayMs, maxParallel } = snapshot.resilience.hedge
    const own = route.resilience?.hedge
    return { enabled, delayMs: own?.delayMs ?? delayMs, maxParallel: own?.maxParallel ?? maxParallel }
  }

  /** Runs an attempt, and others beside it while it stays silent. The first that answers wins, the others are given up. */
  private async race(first: AttemptRun, hedge: HedgeSettings): Promise<AttemptResult> {
    const outcome = await raceAttempts({
      first,
      hedge,
      clock: this.deps.clock,
      racing: this.racing,
      beside: () => (!this.isOver && this.itinerary.beside() ? this.start('hedge') : undefined),
      failed: (attempt, error) => this.failedBeside(attempt, error),
      lost: (attempt) => this.giveUp(attempt, 'hedge'),
    })
    this.current = this.cancelled ? undefined : outcome.attempt
    return outcome.result
  }

  /** One of several attempts failed; another one still runs. */
  private failedBeside(attempt: AttemptRun, error: GatewayError): void {
    if (this.stopped !== undefined) return this.written(attempt, 'cancelled', { reason: 'stopped' })
    this.learnFrom(attempt, error)
    this.written(attempt, 'failed', { error, next: 'next-target' })
  }

  private giveUp(attempt: AttemptRun, reason: AttemptEnding['reason']): void {
    this.racing.delete(attempt)
    attempt.abort(clientGone())
    if (attempt === this.current) this.current = undefined
    this.written(attempt, 'cancelled', { facts: attempt.streamed, reason })
  }

  /** Nothing can be called now. Waits until the first place can, if that is within what the caller and the route allow. */
  private async recovered(): Promise<boolean> {
    const { decided, deps, itinerary } = this
    const { recoveryMs } = itinerary.passed
    const limit = decided.route.resilience?.maxWaitMs ?? decided.snapshot.resilience.maxWaitMs
    const left = Math.min(limit - this.waitedMs, this.totalAt - deps.clock.now())
    if (recoveryMs === undefined || recoveryMs > left) return false
    await this.pause(Math.max(1, recoveryMs))
    return !this.isOver
  }

  /** Waiting is no work of the gateway. */
  private async pause(ms: number): Promise<void> {
    const { clock } = this.deps
    const startedAt = clock.now()
    const stopper = new AbortController()
    this.wake = () => stopper.abort()
    const signal = AbortSignal.any([this.call.signal, stopper.signal])
    await clock.sleep(ms, signal).catch(() => undefined) // an abort is seen by the caller
    this.wake = undefined
    this.waitedMs += clock.now() - startedAt
  }

  /** Decides what follows a failed attempt, locks what has to be locked, and writes the attempt down. */
  private afterFailure(error: GatewayError): NextStep {
    const { call, itinerary, current } = this
    const isUnsafe =
      call.endpoint?.isSpent === true || (error.row.next !== 'stop' && mayHaveHappened(error) && hasSideEffects(call))
    const wanted = isUnsafe ? 'stop' : error.row.next
    // After a race the itinerary may stand at another place than the attempt that failed last.
    const isElsewhere = current !== undefined && !itinerary.isAt(current)
    const next = isElsewhere && wanted !== 'stop' ? 'next-target' : itinerary.feasible(wanted)
    if (current !== undefined && next !== 'retry') this.learnFrom(current, error)
    this.closeAttempt('failed', { error, next })
    return next
  }

  /** Locks what the table of errors says, and remembers a window that was too small. */
  learnFrom({ provider, account, target }: AttemptRun, error: GatewayError): void {
    const { decided, deps } = this
    // Keys may be good for some addresses and not for others: what one was refused at says nothing of model calls.
    const isOther = this.call.endpoint !== undefined && error.row.locks === 'account'
    // A credential that was replaced since then says nothing of the new one.
    if (!isOther && deps.accounts.holds(provider.id, account)) deps.accounts.failed(provider.id, account.id, target.model, error)
    if (error.row.category !== 'context-too-long') return
    const window = deps.modelFacts(target).contextWindow
    this.itinerary.tooSmall(window)
    decided.conversation?.didNotFit(target, error, decided.question.estimatedInputTokens, window)
  }

  /** The current attempt is over. */
  closeAttempt(outcome: AttemptEnd, ending: AttemptEnding = {}): void {
    if (this.current === undefined) return
    this.written(this.current, outcome, ending)
    this.current = undefined
  }

  private written(attempt: AttemptRun, outcome: AttemptEnd, ending: AttemptEnding): void {
    this.attempts.push(attempt.finish(outcome, ending))
    const { answerCheck } = attempt
    if (answerCheck !== undefined) this.diagnostics = [...this.diagnostics, ...answerCheck.findings]
  }
}

const NONE: readonly Diagnostic[] = []

const failed = (error: GatewayError): AttemptFailure => ({ kind: 'failed', error, next: 'stop' })
