import type { NextStep } from '../errors/codes.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { Diagnostic } from '../ir/diagnostic.ts'
import type { AttemptRecord } from '../ir/record.ts'
import { decisionInputs } from '../routing/explain-decision.ts'
import { answerHeaders } from './answer-headers.ts'
import type { AttemptResult } from './attempt-result.ts'
import { AttemptRun } from './attempt-run.ts'
import { CommittedStream } from './committed-stream.ts'
import { DeliveredStream } from './delivered-stream.ts'
import type { Answer, AnswerStream, Call } from './engine.ts'
import type { Decided, ExecutionDeps } from './execution-deps.ts'
import { Itinerary } from './itinerary.ts'
import { skippedTarget } from './locked-out.ts'
import { packRecord } from './record-builder.ts'
import { retryDelayMs } from './retry-delay.ts'
import { sessionIdOf } from './session-id.ts'
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
  private current: AttemptRun | undefined = undefined
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
    this.itinerary = new Itinerary({
      plan: decided.plan,
      maxRetries: decided.route.maxRetries,
      providers: deps.providers,
      accounts: deps.accounts,
    })
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
    this.current?.abort(clientGone())
    const facts = this.current?.streamed
    this.closeAttempt('cancelled')
    this.settle({ status: 499, error: clientGone(), facts })
  }

  /** Goes from place to place until one answers or nothing is left. Never rejects. */
  private async loop(): Promise<AttemptResult> {
    const { call, decided, deps, itinerary } = this
    try {
      if (!itinerary.begin()) return failed(itinerary.error)
      for (;;) {
        const attempt = new AttemptRun(call, decided, itinerary, deps)
        this.current = attempt
        const result = await attempt.run()
        this.waitedMs += attempt.waitedMs
        if (attempt.diagnostics.length > 0) this.diagnostics.push(...attempt.diagnostics)
        if (this.cancelled) {
          if (result.kind === 'stream') result.stream.stop()
          return failed(clientGone())
        }
        if (result.kind !== 'failed') return result
        const next = this.afterFailure(attempt, result.error)
        const { retries } = itinerary
        if (!itinerary.advance(next, result.error)) return failed(itinerary.error)
        if (next !== 'retry') continue
        await this.pauseBefore(retries)
        if (this.cancelled) return failed(clientGone())
      }
    } catch (fault) {
      return failed(internalFault(fault))
    }
  }

  /** Back-off is waiting, not work of the gateway. */
  private async pauseBefore(retries: number): Promise<void> {
    const { clock, random } = this.deps
    const startedAt = clock.now()
    await clock.sleep(retryDelayMs(retries, random), this.call.signal).catch(() => undefined) // an abort is seen by the caller
    this.waitedMs += clock.now() - startedAt
  }

  /** Decides what follows a failed attempt, locks what has to be locked, and writes the attempt down. */
  private afterFailure(attempt: AttemptRun, error: GatewayError): NextStep {
    let next = this.itinerary.feasible(error.row.next)
    if (next !== 'stop' && mayHaveHappened(error) && hasSideEffects(this.call.codec, this.call.request)) next = 'stop'
    if (next !== 'retry') this.deps.accounts.failed(attempt.provider.id, attempt.account.id, attempt.target.model, error)
    this.closeAttempt('failed', error, next)
    return next
  }

  private closeAttempt(outcome: AttemptRecord['outcome'], error?: GatewayError, next?: AttemptRecord['next']): void {
    if (this.current === undefined) return
    this.attempts.push(this.current.record(outcome, this.call.receivedAt, error, next))
    this.current = undefined
  }

  /** A fault of our own must end as an answer and a record too, and never as a rejection that nobody handles. */
  private readonly answered = (result: AttemptResult): Answer => {
    try {
      return this.toAnswer(result)
    } catch (fault) {
      const error = internalFault(fault)
      if (result.kind === 'stream') result.stream.stop()
      this.closeAttempt('failed', error, 'stop')
      this.settle({ status: error.httpStatus, error })
      return { kind: 'error', error, headers: [] }
    }
  }

  private toAnswer(result: AttemptResult): Answer {
    const { clock } = this.deps
    const headers = this.headersNow(result)
    if (result.kind === 'failed') {
      this.settle({ status: result.error.httpStatus, error: result.error })
      return { kind: 'error', error: result.error, headers }
    }
    this.succeeded(result)
    for (const [name, value] of result.headers) headers.push([name, value])
    if (result.kind === 'whole') {
      this.firstTokenMs = clock.now() - this.call.receivedAt
      this.closeAttempt('success')
      this.settle({ status: 200, facts: result.facts })
      return { kind: 'whole', status: 200, headers, body: result.body }
    }
    return { kind: 'stream', status: 200, headers, stream: this.deliver(result) }
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
    const { current } = this
    if (current === undefined || result.facts.failure !== undefined) return
    this.deps.accounts.succeeded(current.provider.id, current.account.id, current.target.model)
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
    if (failure !== undefined && this.current !== undefined && failure.row.countsAgainstHealth) {
      this.deps.accounts.failed(this.current.provider.id, this.current.account.id, this.current.target.model, failure)
    }
    this.closeAttempt(failure === undefined ? 'success' : 'failed', failure, failure === undefined ? undefined : 'stop')
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
      sessionId: sessionIdOf(call.headers, call.request),
      inputs: decisionInputs(decided.question),
      plan: decided.plan,
      attempts: this.attempts,
      skipped: this.itinerary.locked.map(skippedTarget),
      diagnostics: this.diagnostics,
      status: ending.status,
      errorCode: ending.error?.code,
      facts: ending.facts,
      totalMs: deps.clock.now() - call.receivedAt,
      firstTokenMs: this.firstTokenMs,
      overheadUs: this.overheadUs,
      requestBytes: call.body.bytes.length,
      committedEarly: this.committedEarly,
    }
    deps.records.append(packRecord(seed))
    deps.onSettled()
  }
}

const failed = (error: GatewayError): AttemptFailure => ({ kind: 'failed', error, next: 'stop' })

const internalFault = (cause: unknown): GatewayError =>
  new GatewayError('internal', 'The gateway failed while handling this request.', { cause })

const clientGone = (): GatewayError => new GatewayError('client_closed_request', 'The client closed the connection.')
