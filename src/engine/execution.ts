import type { NextStep } from '../errors/codes.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { Diagnostic } from '../ir/diagnostic.ts'
import type { AttemptRecord } from '../ir/record.ts'
import type { HedgeSettings } from '../ir/resilience.ts'
import { decisionInputs } from '../routing/explain-decision.ts'
import { answerHeaders } from './answer-headers.ts'
import type { AttemptResult } from './attempt-result.ts'
import { AttemptRun, type AttemptEnding } from './attempt-run.ts'
import { CommittedStream } from './committed-stream.ts'
import { DeliveredStream } from './delivered-stream.ts'
import type { Answer, AnswerStream, Call, HeaderList } from './engine.ts'
import { failureStream } from './failure-stream.ts'
import type { Decided, ExecutionDeps } from './execution-deps.ts'
import type { AttemptEnd } from './call-outcome.ts'
import { createItinerary, type Itinerary } from './itinerary.ts'
import { raceAttempts } from './race-attempts.ts'
import { packRecord } from './record-builder.ts'
import { retryDelayMs } from './retry-delay.ts'
import { hasSideEffects, mayHaveHappened } from './side-effects.ts'
import type { StreamFacts } from './stream-facts.ts'

type AttemptFailure = Extract<AttemptResult, { kind: 'failed' }>

/** How the request ended, for its record. */
interface Ending {
  readonly status: number
  readonly error?: GatewayError | undefined
  readonly facts?: StreamFacts | undefined
}

/** One call from decision to record: the attempt loop over targets and accounts, and what the client gets. */
export class Execution {
  private readonly call: Call
  private readonly deps: ExecutionDeps
  private readonly decided: Decided
  private readonly attempts: AttemptRecord[] = []
  private readonly itinerary: Itinerary
  private readonly diagnostics: Diagnostic[]
  private readonly startedWall: number
  /** `Clock.now()` at which the request has to be over. */
  private readonly totalAt: number
  /** The attempt whose answer is, or may become, the client's. */
  private current: AttemptRun | undefined = undefined
  /** Attempts that run beside each other. */
  private readonly racing = new Set<AttemptRun>()
  private waitedMs = 0
  private overheadUs = 0
  private firstTokenMs: number | undefined = undefined
  private committedEarly = false
  private settled = false
  private cancelled = false

  constructor(call: Call, decided: Decided, deps: ExecutionDeps) {
    this.call = call
    this.decided = decided
    this.deps = deps
    this.itinerary = createItinerary(decided, deps)
    this.totalAt = call.receivedAt + Math.min(decided.route.timeouts.totalMs ?? Infinity, decided.plan.deadlineMs ?? Infinity)
    this.diagnostics = [...call.diagnostics]
    this.startedWall = deps.clock.wall()
    call.signal.addEventListener('abort', this.cancel, { once: true })
  }

  /** Never rejects. For streams it resolves when the answer has begun, or when holding on would make proxies give up. */
  run(): Promise<Answer> {
    const result = this.loop()
    if (!this.call.request.stream) return result.then(this.answered)
    return new Promise((resolve) => {
      const { deadlines, stream, clock } = this.deps
      const watch = deadlines.watch(clock.now() + stream.commitAfterMs, () => resolve(this.commitEarly(result)))
      void result.then((outcome) => {
        deadlines.drop(watch)
        if (!this.committedEarly) resolve(this.answered(outcome))
      })
    })
  }

  /** The client went away: the upstream is told at once, and what was used so far is recorded. */
  readonly cancel = (): void => {
    if (this.settled) return
    this.cancelled = true
    const facts = this.current?.streamed
    for (const attempt of this.racing) this.giveUp(attempt, 'client')
    this.current?.abort(clientGone())
    this.closeAttempt('cancelled', { facts, reason: 'client' })
    this.settle({ status: 499, error: clientGone(), facts })
  }

  /** Goes from place to place until one answers or nothing is left. Never rejects. */
  private async loop(): Promise<AttemptResult> {
    const { itinerary } = this
    try {
      while (!itinerary.begin()) if (!(await this.recovered())) return this.nothingLeft()
      for (;;) {
        const hedge = this.hedging()
        const attempt = this.start()
        const result = hedge === undefined ? await attempt.run() : await this.race(attempt, hedge)
        this.waitedMs += this.current?.waitedMs ?? 0
        if (this.current !== undefined && this.current.diagnostics.length > 0) this.diagnostics.push(...this.current.diagnostics)
        if (this.cancelled) {
          if (result.kind === 'stream') result.stream.stop()
          return this.nothingLeft()
        }
        if (result.kind !== 'failed') return result
        const next = this.afterFailure(result.error, hedge !== undefined)
        const { retries } = itinerary
        if (!itinerary.advance(next, result.error)) return this.nothingLeft()
        if (next !== 'retry') continue
        await this.pause(retryDelayMs(this.decided, retries, this.deps.random))
        if (!this.cancelled) continue
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

  private nothingLeft(): AttemptFailure {
    return failed(this.cancelled ? clientGone() : this.itinerary.error)
  }

  private start(): AttemptRun {
    this.current = new AttemptRun(this.call, this.decided, this.itinerary.dispatch, this.totalAt, this.deps)
    return this.current
  }

  /** Whether a second attempt may be made beside a slow first one: never where something could happen twice. */
  private hedging(): HedgeSettings | undefined {
    const { plan, route, snapshot } = this.decided
    const enabled = route.resilience?.hedge?.enabled ?? snapshot.resilience.hedge.enabled
    if (!enabled || plan.targets.length < 2 || hasSideEffects(this.call.codec, this.call.request)) return undefined
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
      beside: () => (!this.cancelled && this.itinerary.beside() ? this.start() : undefined),
      failed: (attempt, error) => this.failedBeside(attempt, error),
      lost: (attempt) => this.giveUp(attempt, 'hedge'),
    })
    this.current = this.cancelled ? undefined : outcome.attempt
    return outcome.result
  }

  /** One of several attempts failed; another one still runs. */
  private failedBeside(attempt: AttemptRun, error: GatewayError): void {
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
    return !this.cancelled
  }

  /** Waiting is no work of the gateway. */
  private async pause(ms: number): Promise<void> {
    const { clock } = this.deps
    const startedAt = clock.now()
    await clock.sleep(ms, this.call.signal).catch(() => undefined) // an abort is seen by the caller
    this.waitedMs += clock.now() - startedAt
  }

  /** Decides what follows a failed attempt, locks what has to be locked, and writes the attempt down. */
  private afterFailure(error: GatewayError, wasRaced: boolean): NextStep {
    const { call, itinerary, current } = this
    const isUnsafe = error.row.next !== 'stop' && mayHaveHappened(error) && hasSideEffects(call.codec, call.request)
    const wanted = isUnsafe ? 'stop' : error.row.next
    // After a race the itinerary stands at the place of the last attempt, which need not be the one that failed.
    const next = wasRaced && wanted !== 'stop' ? 'next-target' : itinerary.feasible(wanted)
    if (current !== undefined && next !== 'retry') this.learnFrom(current, error)
    this.closeAttempt('failed', { error, next })
    return next
  }

  /** Locks what the table of errors says, and remembers a window that was too small. */
  private learnFrom({ provider, account, target }: AttemptRun, error: GatewayError): void {
    const { decided, deps } = this
    deps.accounts.failed(provider.id, account.id, target.model, error)
    if (error.row.category !== 'context-too-long') return
    const window = deps.modelFacts(target).contextWindow
    this.itinerary.tooSmall(window)
    decided.conversation?.didNotFit(target, error, decided.question.estimatedInputTokens, window)
  }

  private closeAttempt(outcome: AttemptEnd, ending: AttemptEnding = {}): void {
    if (this.current === undefined) return
    this.written(this.current, outcome, ending)
    this.current = undefined
  }

  private written(attempt: AttemptRun, outcome: AttemptEnd, ending: AttemptEnding): void {
    this.attempts.push(attempt.finish(outcome, ending))
  }

  /** A fault of our own must end as an answer and a record too, and never as a rejection that nobody handles. */
  private readonly answered = (result: AttemptResult): Answer => {
    try {
      return this.toAnswer(result)
    } catch (fault) {
      const error = internalFault(fault)
      if (result.kind === 'stream') result.stream.stop()
      this.closeAttempt('failed', { error, next: 'stop' })
      this.settle({ status: error.httpStatus, error })
      return { kind: 'error', error, headers: [] }
    }
  }

  private toAnswer(result: AttemptResult): Answer {
    const { clock } = this.deps
    const headers = this.headersNow(result)
    if (result.kind === 'failed') {
      return this.refusal(result.error, [...headers, ...result.error.headersFor(this.call.codec.format)])
    }
    this.succeeded(result)
    for (const [name, value] of result.headers) headers.push([name, value])
    if (result.kind === 'whole') {
      this.firstTokenMs = clock.now() - this.call.receivedAt
      this.closeAttempt('success', { facts: result.facts })
      this.settle({ status: 200, facts: result.facts })
      return { kind: 'whole', status: 200, headers, body: result.body }
    }
    return { kind: 'stream', status: 200, headers, stream: this.deliver(result) }
  }

  /** An error answer; where the client's vendor tells such errors inside a stream, a stream. */
  private refusal(error: GatewayError, headers: HeaderList): Answer {
    const { call, deps } = this
    if (!call.request.stream || call.codec.isToldInStream?.(error) !== true) {
      this.settle({ status: error.httpStatus, error })
      return { kind: 'error', error, headers }
    }
    this.settle({ status: 200, error })
    return { kind: 'stream', status: 200, headers, stream: failureStream(call, error, deps.stream.pingMs) }
  }

  private headersNow(result: AttemptResult): [string, string][] {
    const { snapshot, plan } = this.decided
    this.overheadUs = Math.max(0, (this.deps.clock.now() - this.call.receivedAt - this.waitedMs) * 1000)
    const served = result.kind === 'failed' ? undefined : this.current?.target.id
    return answerHeaders({
      requestId: this.call.requestId,
      snapshot,
      plan,
      served,
      overheadUs: this.overheadUs,
      diagnostics: this.diagnostics,
    })
  }

  private succeeded(result: Extract<AttemptResult, { kind: 'whole' | 'stream' }>): void {
    const { current, deps, decided } = this
    if (current === undefined || result.facts.failure !== undefined) return
    deps.accounts.succeeded(current.provider.id, current.account.id, current.target.model, current.startedAt)
    decided.conversation?.served(current.target, current.account.id)
  }

  private deliver(result: Extract<AttemptResult, { kind: 'stream' }>): AnswerStream {
    this.firstTokenMs = this.deps.clock.now() - this.call.receivedAt
    return new DeliveredStream({
      stream: result.stream,
      ping: this.call.codec.ping,
      pingMs: this.deps.stream.pingMs,
      cancel: this.cancel,
      ended: this.streamEnded,
    })
  }

  /** The last byte was handed over, or the stream broke after it had begun. */
  private readonly streamEnded = (error: GatewayError | undefined, facts: StreamFacts): void => {
    if (this.settled) return
    const failure = error ?? (facts.failure === undefined ? undefined : this.current?.provider.classifyInBand(facts.failure))
    if (failure !== undefined && this.current !== undefined && failure.row.countsAgainstHealth)
      this.learnFrom(this.current, failure)
    if (failure === undefined) this.closeAttempt('success', { facts })
    else this.closeAttempt('failed', { error: failure, next: 'stop', facts })
    this.settle({ status: 200, error: failure, facts })
  }

  private commitEarly(result: Promise<AttemptResult>): Answer {
    this.committedEarly = true
    const { snapshot, plan } = this.decided
    const headers = answerHeaders({
      requestId: this.call.requestId,
      snapshot,
      plan,
      served: undefined,
      overheadUs: 0,
      diagnostics: this.diagnostics,
    })
    const stream = new CommittedStream({
      call: this.call,
      ping: this.call.codec.ping,
      pingMs: this.deps.stream.pingMs,
      cancel: this.cancel,
      answer: result.then((outcome) => {
        if (outcome.kind === 'failed') this.settle({ status: 200, error: outcome.error })
        else this.succeeded(outcome)
        return outcome.kind === 'stream' ? this.deliver(outcome) : outcome
      }),
    })
    return { kind: 'stream', status: 200, headers, stream }
  }

  private settle(ending: Ending): void {
    if (this.settled) return
    this.settled = true
    const { call, decided, deps } = this
    call.signal.removeEventListener('abort', this.cancel)
    const seed = {
      requestId: call.requestId,
      startedAt: this.startedWall,
      snapshot: decided.snapshot,
      operation: 'generate' as const,
      principal: call.principal,
      sessionId: decided.conversation?.id,
      inputs: decisionInputs(decided.question),
      plan: decided.plan,
      attempts: this.attempts,
      skipped: this.itinerary.passed.records,
      diagnostics: this.diagnostics,
      status: ending.status,
      errorCode: ending.error?.code,
      facts: ending.facts,
      totalMs: deps.clock.now() - call.receivedAt,
      firstTokenMs: this.firstTokenMs,
      overheadUs: this.overheadUs,
      requestBytes: call.body.bytes.length,
      committedEarly: this.committedEarly,
      clientRetry: clientRetryOf(call.headers),
    }
    deps.records.append(packRecord(seed))
    deps.onSettled()
  }
}

/** Which try of its own this is, as the official SDKs tell it. */
function clientRetryOf(headers: Headers): number | undefined {
  const count = Number(headers.get('x-stainless-retry-count') ?? 0)
  return Number.isSafeInteger(count) && count > 0 && count < 1_000 ? count : undefined
}

const failed = (error: GatewayError): AttemptFailure => ({ kind: 'failed', error, next: 'stop' })

const internalFault = (cause: unknown): GatewayError =>
  new GatewayError('internal', 'The gateway failed while handling this request.', { cause })

const clientGone = (): GatewayError => new GatewayError('client_closed_request', 'The client closed the connection.')
