import { whenever, type Eventually } from '../lib/eventually.ts'
import type { ClientContext, Codec, ModelFacts } from '../codecs/codec.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { Diagnostic } from '../ir/diagnostic.ts'
import type { AnswerOrigin } from '../ir/question.ts'
import { attemptIdOf } from '../ir/ids.ts'
import type { AttemptRecord } from '../ir/record.ts'
import type { LlmRequest } from '../ir/request.ts'
import type { AttemptPurpose } from '../ir/settlement.ts'
import type { Route, Timeouts } from '../ir/snapshot.ts'
import type { Target } from '../ir/target.ts'
import type { AccountSettings } from '../providers/provider.settings.schema.ts'
import type { TraceContext } from '../observability/tracing/trace-context.ts'
import type { Provider } from '../providers/provider.types.ts'
import { discardBody } from '../transport/discard-body.ts'
import type { UnsentRequest } from '../transport/transport.ts'
import { clientContext, type AttemptContext, type AttemptEnding } from './attempt-context.ts'
import { AnswerSize } from './answer-size.ts'
import { attemptRecord, codeLike, toldModel } from './attempt-record.ts'
import { answeredRequest, prepareAttempt, type AttemptInput, type PreparedAttempt } from './attempt.ts'
import { AttemptTimer, type TimedAttempt } from './attempt-timer.ts'
import type { Call } from './engine.ts'
import type { ExecutionDeps, Revision } from './execution-deps.ts'
import { brokenAnswer, internalFault } from './execution-errors.ts'
import type { AttemptResult, ClientHeaders, UpstreamAnswer } from './attempt-result.ts'
import type { Dispatch } from './itinerary.ts'
import { callOutcomeOf, type AttemptEnd } from './call-outcome.ts'
import { learnFromHead } from './learn-from-head.ts'
import type { Permit } from '../state/health/store.ts'
import type { CallLimits, Reservation } from './limits/limiter.ts'
import type { InlinedMedia, MediaAddress } from './media/media-step.ts'
import { signingCodec } from './remembered-signatures.ts'
import { reachedBy } from './limits/reached.ts'
import { estimateUsage } from './estimate-usage.ts'
import { StreamFacts, type StreamTransform } from './stream-facts.ts'
import { answerCheckOf, checkedHeaders, type AnswerCheck } from './answer-schema/answer-check.ts'
import { streamTransform } from './stream-transform.ts'
import { UpstreamStream } from './upstream-stream.ts'
import { readText } from './read-text.ts'
import { wholeTimeouts } from './whole-timeouts.ts'
import { foldedAnswer, readErrorBody, readWholeAnswer, replayedTransform } from './whole-answer.ts'

/**
 * One dispatch to one account of one target, until its answer has begun, is whole, or has failed. It is its own input and its own timed
 * subject: every request makes one, so it is one object and three waits.
 */
export class AttemptRun implements AttemptInput, TimedAttempt {
  readonly call: Call
  readonly route: Route
  readonly provider: Provider
  readonly codec: Codec
  readonly target: Target
  readonly account: AccountSettings
  readonly estimatedInputTokens: number
  readonly origin: AnswerOrigin | undefined
  readonly maxOutputTokens: number | undefined
  readonly timeouts: Timeouts
  readonly revision: Revision
  media: InlinedMedia | undefined = undefined
  answerCheck: AnswerCheck | undefined = undefined
  readonly totalAt: number
  readonly startedAt: number
  /** Time spent waiting for the upstream, in ms. */
  waitedMs = 0
  diagnostics: readonly Diagnostic[] = NO_DIAGNOSTICS
  /** What a stream has told so far. */
  streamed: StreamFacts | undefined = undefined
  private readonly limits: CallLimits | undefined
  private reservation: Reservation | undefined = undefined
  private readonly trace: TraceContext | undefined
  protected readonly deps: ExecutionDeps
  private readonly permit: Permit
  readonly number: number
  private readonly purpose: AttemptPurpose
  readonly sessionId: string | undefined
  private readonly controller = new AbortController()
  protected timer: AttemptTimer | undefined = undefined
  /** Why the bytes could not go through. The prepared request itself is not kept: a stream may stay open for long after it was sent. */
  private refusals: readonly string[] | undefined = undefined
  /** What encoding an answer needs of the request, where it has to be encoded. */
  private answered: LlmRequest | undefined = undefined
  private waitingSince: number | undefined = undefined
  /** Nothing leaves before a credential is at hand. */
  private isSent = false
  /** The answer is on its way: what breaks now is the upstream's. */
  protected isReading = false
  private translates = false
  private ttftMs: number | undefined = undefined
  private upstreamStatus: number | undefined = undefined
  private upstreamRequestId: string | undefined = undefined
  private abortError: GatewayError | undefined = undefined

  constructor({ call, decided, totalAt, number, purpose, trace }: AttemptContext, dispatch: Dispatch, deps: ExecutionDeps) {
    const { revision, route, question } = decided
    this.call = call
    this.route = route
    this.provider = dispatch.provider.speaking?.(dispatch.target.format) ?? dispatch.provider
    this.codec = call.endpoint?.codec ?? signingCodec(this.provider, call, deps.signatures)
    this.target = dispatch.target
    this.account = dispatch.account
    this.permit = dispatch.permit
    this.limits = decided.limits
    this.number = number
    this.purpose = purpose
    this.sessionId = decided.conversation?.id
    this.estimatedInputTokens = question.estimatedInputTokens
    this.origin = question.origin
    this.maxOutputTokens = question.maxOutputTokens
    this.timeouts = call.stream ? route.timeouts : wholeTimeouts(route.timeouts)
    this.revision = revision
    this.totalAt = totalAt
    this.trace = trace
    this.deps = deps
    this.startedAt = deps.clock.now()
  }

  get name(): string {
    return this.target.id
  }

  /** Whether answers tell what was used. */
  get isMetered(): boolean {
    return this.call.endpoint?.isMetered ?? true
  }

  get facts(): ModelFacts {
    return this.deps.modelFacts(this.target)
  }

  isReachable(): Promise<boolean> {
    return this.provider.isReachable(this.timeouts.connectMs, this.controller.signal, this.account.egress)
  }

  /** Never rejects. */
  async run(): Promise<AttemptResult> {
    const { clock, deadlines } = this.deps
    let response: Response | undefined
    try {
      const reserving = this.limits && this.reserve(this.limits)
      if (reserving !== undefined) await reserving
      const addresses = this.call.endpoint === undefined ? this.deps.media?.wanted(this) : undefined
      if (addresses !== undefined) await this.fetchMedia(addresses)
      const prepared = this.prepare()
      this.refusals = prepared.refusals
      this.translates = prepared.refusals.length > 0
      this.diagnostics = prepared.diagnostics
      if (this.translates) this.answered = answeredRequest(this.call)
      const { answerSchema } = this.route
      if (answerSchema !== undefined)
        this.answerCheck = await answerCheckOf(answerSchema, this.call, this.target, this.diagnostics)
      this.call.letGo()
      this.media = undefined
      if (this.trace !== undefined) this.deps.traces?.propagate(this.trace, this.number, prepared.request.headers)
      this.timer = new AttemptTimer(this, clock, deadlines)
      this.waitingSince = clock.now()
      response = await this.exchange(prepared.request)
      const headers = this.provider.clientHeadersOf(response.headers, this.call.codec.format)
      const result = await this.answer(prepared, { response, headers })
      if (result.kind === 'whole') this.timer.stop()
      return result
    } catch (error) {
      this.timer?.stop()
      if (response !== undefined) discardBody(response)
      return { kind: 'failed', error: this.toGatewayError(error), next: 'stop' }
    } finally {
      if (this.waitingSince !== undefined) this.waitedMs += clock.now() - this.waitingSince
    }
  }

  /** Authorises and sends. Where a credential was refused that can be renewed, once more with the new one; every other failure is thrown. */
  protected async exchange(built: UnsentRequest, isRenewed = false): Promise<Response> {
    const { signal } = this.controller
    const credential = this.provider.credentialOf(this.account)
    const request = credential === undefined ? built : await credential.authorize(built, signal)
    this.isSent = true
    const response = await this.provider.send(request, signal)
    this.received(response)
    if (response.ok) return response
    const failure = await this.failureOf(response)
    const isRefused = failure.code === 'upstream_authentication' && !isRenewed && this.call.endpoint?.isSpent !== true
    if (isRefused && (await credential?.renew?.(request, signal)) === true) return this.exchange(built, true)
    throw failure
  }

  private async fetchMedia(addresses: readonly MediaAddress[]): Promise<void> {
    const since = this.deps.clock.now()
    const fetching = this.deps.media?.inline(addresses, this, this.controller.signal)
    this.media = await fetching?.finally(() => (this.waitedMs += this.deps.clock.now() - since))
  }

  protected prepare(): PreparedAttempt {
    return prepareAttempt(this)
  }

  /** Reads an answer with a good status until it has begun, or whole. */
  protected async answer(prepared: PreparedAttempt, { response, headers }: UpstreamAnswer): Promise<AttemptResult> {
    const streams = response.headers.get('content-type')?.includes('text/event-stream') ?? false
    if (this.call.stream) return this.begin(prepared, response, headers, streams)
    // Asked for in order to be folded, or sent by an upstream that knows nothing else.
    this.isReading = true
    const answer = streams
      ? await foldedAnswer(this, response, {
          context: this.context(),
          timer: this.timer!,
          facts: (this.streamed = new StreamFacts(new AnswerSize())),
        })
      : readWholeAnswer(this, await this.textOf(response), prepared.refusals.length === 0 ? undefined : this.context())
    if (this.answerCheck === undefined) return { kind: 'whole', headers, body: answer.body, facts: answer.facts }
    this.streamed = answer.facts
    return { kind: 'whole', headers: checkedHeaders(headers, this.answerCheck), body: answer.body, facts: answer.facts }
  }

  /** The id under which the client may continue an answer; undefined where calls carry their whole conversation. */
  answerIdOf({ id }: StreamFacts): string | undefined {
    const { answerId } = this.call.codec
    if (answerId === undefined) return undefined
    return this.translates ? answerId(id, this.context()) : id
  }

  /** Takes the money and the tokens the attempt may need. */
  private reserve(limits: CallLimits): Eventually<void> {
    return whenever(limits.reserve(this), (reservation) => {
      this.reservation = reservation
      if (reservation.isHolding) this.deps.ledger?.attemptBegan(this, reservation.heldNanos)
      // Given up meanwhile: nobody will finish it.
      if (this.abortError === undefined) return
      reservation.settle({ usage: undefined, reached: 'nothing' })
      throw this.abortError
    })
  }

  abort(error: GatewayError): void {
    this.abortError ??= error
    this.timer?.stop()
    this.controller.abort(error)
  }

  /** The attempt is over: what it has shown of its target is handed on, and its slot is given back. */
  finish(outcome: AttemptEnd, ending: AttemptEnding = {}): AttemptRecord {
    const { clock } = this.deps
    const { error, next, reason } = ending
    const facts = ending.facts ?? this.streamed
    const totalMs = clock.now() - this.startedAt
    this.timer?.stop()
    if (facts !== undefined) estimateUsage(facts, this.estimatedInputTokens)
    const reached = reachedBy(error, { isSent: this.isSent, status: this.upstreamStatus, hasBegun: this.ttftMs !== undefined })
    this.reservation?.settle({ usage: facts?.usage, reached, model: toldModel(this.call, facts) })
    this.permit.settle(
      callOutcomeOf(
        outcome,
        { ttftMs: this.ttftMs, totalMs, streamed: this.call.stream, answered: this.upstreamStatus !== undefined },
        { facts, error },
      ),
    )
    const record = attemptRecord(this, {
      outcome,
      error,
      next,
      reason,
      totalMs,
      facts,
      isSent: this.isSent,
      status: this.upstreamStatus,
      upstreamRequestId: this.upstreamRequestId,
      refusals: this.refusals,
    })
    this.settle(record)
    return record
  }

  /** What it used goes to the ledger. */
  private settle(record: AttemptRecord): void {
    const { call, number, purpose, sessionId } = this
    const id = attemptIdOf(call.requestId, number)
    this.deps.ledger?.attemptEnded({ id, record, purpose, sessionId, principal: call.principal, streamed: call.stream })
  }

  /** The answer has begun: a probe has succeeded, and the time it took is known. */
  private answering(): void {
    this.ttftMs ??= this.deps.clock.now() - this.startedAt
    this.permit.answering()
  }

  /** The headers of an answer are here. */
  private received({ status, headers }: Response): void {
    this.timer?.connected()
    this.upstreamStatus = status
    this.upstreamRequestId = codeLike(headers.get('x-request-id') ?? headers.get('request-id') ?? headers.get('x-amzn-requestid'))
    learnFromHead({ status, headers }, this, this.deps)
  }

  private async failureOf(response: Response): Promise<GatewayError> {
    const facts = await readErrorBody(response, this.provider.codec)
    return this.provider.classify(response.status, facts, response.headers)
  }

  /** Reads a stream until its answer has begun. */
  private async begin(
    prepared: PreparedAttempt,
    response: Response,
    headers: ClientHeaders,
    streams: boolean,
  ): Promise<AttemptResult> {
    const transform = streams ? streamTransform(this, prepared, () => this.context()) : await this.replayed(response)
    const stream = await this.primed(streams ? response.body : null, transform)
    return { kind: 'stream', stream, facts: transform.facts, headers }
  }

  /** A stream whose answer has begun. */
  protected async primed(body: Response['body'], transform: StreamTransform): Promise<UpstreamStream> {
    this.streamed = transform.facts
    const stream = new UpstreamStream({ body, transform, timer: this.timer!, abortReason: () => this.abortError })
    await stream.prime(this.revision.stream.holdBytes)
    if (stream.error !== undefined) throw stream.error
    if (transform.facts.failure !== undefined && !transform.facts.semantic) {
      stream.stop()
      throw this.provider.classifyInBand(transform.facts.failure)
    }
    this.answering()
    return stream
  }

  /** An upstream that answered in one piece although a stream was asked for. */
  private async replayed(response: Response): Promise<StreamTransform> {
    this.translates = true
    this.isReading = true
    const text = await this.textOf(response)
    this.isReading = false
    const transform = replayedTransform(this, text, this.context())
    this.streamed = transform.facts
    if (this.answerCheck?.refusal !== undefined) throw this.answerCheck.refusal
    return transform
  }

  protected textOf(response: Response): Promise<string> {
    const { buffers } = this.deps
    return readText(response, { timer: this.timer!, name: this.target.id, maxBytes: this.revision.maxAnswerBytes, buffers })
  }

  private context(): ClientContext {
    return clientContext(this, this.answered ?? this.call.request, this.deps.clock)
  }

  protected toGatewayError(error: unknown): GatewayError {
    const known = this.abortError ?? error
    if (known instanceof GatewayError) return known
    return this.isReading ? brokenAnswer(error, this.target.id) : internalFault(error, this.target.id)
  }
}
const NO_DIAGNOSTICS: readonly Diagnostic[] = []
