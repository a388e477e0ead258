import type { GatewayError } from '../errors/gateway-error.ts'
import type { Principal } from '../ir/principal.ts'
import { answerHeaders } from './answer-headers.ts'
import { rememberAnswer } from './answers.ts'
import { AttemptLoop } from './attempt-loop.ts'
import type { AttemptRun } from './attempt-run.ts'
import type { AttemptResult } from './attempt-result.ts'
import { CommittedStream } from './committed-stream.ts'
import { DeliveredStream } from './delivered-stream.ts'
import type { Answer, AnswerStream, Call, HeaderList } from './engine.ts'
import { failureStream, isToldInStream } from './failure-stream.ts'
import type { Decided, ExecutionDeps } from './execution-deps.ts'
import { clientGone, internalFault } from './execution-errors.ts'
import { PendingRecord } from './record/pack-record.ts'
import type { StoppableCall } from './running-calls.ts'
import type { StreamFacts } from './stream-facts.ts'

/** How the request ended, for its record. */
interface Ending {
  readonly status: number
  readonly error?: GatewayError | undefined
  readonly facts?: StreamFacts | undefined
}

const ONCE = { once: true }

/** One call from decision to record: what the client gets of its attempts, and what is written down. */
export class Execution implements StoppableCall {
  private readonly call: Call
  private readonly deps: ExecutionDeps
  private readonly decided: Decided
  private readonly loop: AttemptLoop
  private readonly startedWall: number
  private overheadUs = 0
  private firstTokenMs: number | undefined = undefined
  private committedEarly = false
  /** What the client sees. */
  private status = 200
  private settled = false
  /** The conversation of an answer that may be continued. */
  private session: string | undefined = undefined

  constructor(call: Call, decided: Decided, deps: ExecutionDeps) {
    this.call = call
    this.decided = decided
    this.deps = deps
    this.loop = new AttemptLoop(call, decided, deps)
    this.startedWall = deps.clock.wall()
    call.signal.addEventListener('abort', this, ONCE)
    deps.running?.add(this)
  }

  /** Never rejects. For streams it resolves when the answer has begun, or when holding on would make proxies give up. */
  async run(): Promise<Answer> {
    return this.call.stream ? this.runStream() : this.answered(await this.loop.run())
  }

  private runStream(): Promise<Answer> {
    return new Promise((resolve) => {
      const result = this.loop.run()
      const { deadlines, clock } = this.deps
      const { stream } = this.decided.revision
      const watch = deadlines.watch(clock.now() + stream.commitAfterMs, () => resolve(this.commitEarly(result)))
      void result.then((outcome) => {
        deadlines.drop(watch)
        if (!this.committedEarly) resolve(this.answered(outcome))
      })
    })
  }

  /** The client's signal aborted. */
  handleEvent(): void {
    this.cancel()
  }

  /** The client went away: the upstream is told at once, and what was used so far is recorded. */
  private cancel(): void {
    if (this.settled) return
    const facts = this.loop.cancel()
    this.settle({ status: 499, error: clientGone(), facts })
  }

  get principal(): Principal {
    return this.call.principal
  }

  /** The gateway ends the call: upstreams are let go, and the client is told where its answer stands. */
  stop(error: GatewayError): void {
    if (!this.settled) this.loop.stop(error)
  }

  /** A fault of our own must end as an answer and a record too, and never as a rejection that nobody handles. */
  private answered(result: AttemptResult): Answer {
    try {
      return this.toAnswer(result)
    } catch (fault) {
      const error = internalFault(fault)
      if (result.kind === 'stream') result.stream.stop()
      this.loop.closeAttempt('failed', { error, next: 'stop' })
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
    this.addLimits(headers)
    const { status = 200 } = result
    this.status = status
    if (result.kind === 'whole') {
      this.firstTokenMs = clock.now() - this.call.receivedAt
      this.loop.closeAttempt('success', { facts: result.facts })
      this.settle({ status, facts: result.facts })
      return { kind: 'whole', status, headers, body: result.body }
    }
    return { kind: 'stream', status, headers, stream: this.deliver(result) }
  }

  /** An error answer; where the client's vendor tells such errors inside a stream, a stream. */
  private refusal(error: GatewayError, headers: HeaderList): Answer {
    const { call, decided } = this
    if (!isToldInStream(call, error)) {
      this.settle({ status: error.httpStatus, error })
      return { kind: 'error', error, headers }
    }
    this.settle({ status: 200, error })
    return { kind: 'stream', status: 200, headers, stream: failureStream(call, error, decided.revision.stream.pingMs) }
  }

  private headersNow(result: AttemptResult): [string, string][] {
    const { snapshot, plan } = this.decided
    const queuedMs = this.decided.limits?.queuedMs ?? 0
    this.overheadUs = Math.max(0, (this.deps.clock.now() - this.call.receivedAt - this.loop.waitedMs - queuedMs) * 1000)
    const served = result.kind === 'failed' ? undefined : this.loop.current?.target.id
    return answerHeaders({
      requestId: this.call.requestId,
      snapshot,
      plan,
      served,
      overheadUs: this.overheadUs,
      diagnostics: this.loop.diagnostics,
      queuedMs,
    })
  }

  /** The caller's own limits stand for those of the upstream, which are nothing it could use up. */
  private addLimits(headers: [string, string][]): void {
    const { limits } = this.decided
    if (limits === undefined) return
    for (const [name, value] of limits.headersFor(this.call.codec.format)) headers.push([name, value])
  }

  private succeeded(result: Extract<AttemptResult, { kind: 'whole' | 'stream' }>): void {
    const { deps, decided } = this
    const { current } = this.loop
    if (current === undefined || result.facts.failure !== undefined) return
    deps.accounts.succeeded(current.provider.id, current.account.id, current.target.model, current.startedAt)
    decided.conversation?.served(current.target, current.account.id, result.facts.usage)
    this.rememberAnswer(current, result.facts)
  }

  /** What a stream told behind its beginning. */
  private learnFrom(attempt: AttemptRun, facts: StreamFacts): void {
    this.rememberAnswer(attempt, facts)
    if (facts.usage !== undefined) this.decided.conversation?.used(attempt.target, attempt.account.id, facts.usage)
  }

  /** Once, as soon as its id is known: a stream may tell it late. */
  private rememberAnswer(attempt: AttemptRun, facts: StreamFacts): void {
    if (this.decided.isContinuable)
      this.session ??= rememberAnswer(attempt, facts, this.decided.conversation?.id, this.deps.affinity)
  }

  private deliver(result: Extract<AttemptResult, { kind: 'stream' }>): AnswerStream {
    this.firstTokenMs = this.deps.clock.now() - this.call.receivedAt
    return new DeliveredStream({
      stream: result.stream,
      ping: this.call.codec.ping,
      // Between the bytes of anything else there is no place for a keep-alive.
      pingMs: this.call.stream ? this.decided.revision.stream.pingMs : Number.POSITIVE_INFINITY,
      cancel: () => this.cancel(),
      ended: (error, facts) => this.streamEnded(error, facts),
    })
  }

  /** The last byte was handed over, or the stream broke after it had begun. */
  private streamEnded(error: GatewayError | undefined, facts: StreamFacts): void {
    if (this.settled) return
    const failure = error ?? (facts.failure === undefined ? undefined : this.loop.current?.provider.classifyInBand(facts.failure))
    if (failure !== undefined && this.loop.current !== undefined && failure.row.countsAgainstHealth)
      this.loop.learnFrom(this.loop.current, failure)
    if (this.loop.current !== undefined) this.learnFrom(this.loop.current, facts)
    if (this.loop.isOver) this.loop.closeAttempt('cancelled', { facts, reason: 'stopped' })
    else if (failure === undefined) this.loop.closeAttempt('success', { facts })
    else this.loop.closeAttempt('failed', { error: failure, next: 'stop', facts })
    this.settle({ status: this.status, error: failure, facts })
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
      diagnostics: this.loop.diagnostics,
      queuedMs: this.decided.limits?.queuedMs,
    })
    this.addLimits(headers)
    const stream = new CommittedStream({
      call: this.call,
      ping: this.call.codec.ping,
      pingMs: this.decided.revision.stream.pingMs,
      cancel: () => this.cancel(),
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
    call.signal.removeEventListener('abort', this)
    deps.running?.delete(this)
    decided.limits?.end()
    const seed = {
      requestId: call.requestId,
      startedAt: this.startedWall,
      snapshot: decided.snapshot,
      operation: call.endpoint?.operation ?? ('generate' as const),
      principal: call.principal,
      sessionId: decided.conversation?.id ?? this.session,
      question: decided.question,
      plan: decided.plan,
      attempts: this.loop.attempts,
      skipped: this.loop.itinerary.passed.records,
      diagnostics: this.loop.diagnostics,
      status: ending.status,
      errorCode: ending.error?.code,
      facts: ending.facts,
      totalMs: deps.clock.now() - call.receivedAt,
      firstTokenMs: this.firstTokenMs,
      overheadUs: this.overheadUs,
      requestBytes: call.endpoint?.passing?.bytes ?? call.body.bytes.length,
      committedEarly: this.committedEarly,
      clientRetry: clientRetryOf(call.headers),
      trace: this.loop.trace,
    }
    deps.records.append(new PendingRecord(seed))
    deps.requestEnded?.(seed)
    deps.onSettled(call)
  }
}

/** Which try of its own this is, as the official SDKs tell it. */
function clientRetryOf(headers: Headers): number | undefined {
  const count = Number(headers.get('x-stainless-retry-count') ?? 0)
  return Number.isSafeInteger(count) && count > 0 && count < 1_000 ? count : undefined
}
