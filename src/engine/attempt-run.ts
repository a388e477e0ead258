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
import type { AttemptContext, AttemptEnding } from './attempt-context.ts'
import { attemptRecord, codeLike } from './attempt-record.ts'
import { prepareAttempt, type AttemptInput, type PreparedAttempt } from './attempt.ts'
import { AttemptTimer, type TimedAttempt } from './attempt-timer.ts'
import type { Call } from './engine.ts'
import type { ExecutionDeps, Revision } from './execution-deps.ts'
import type { AttemptResult } from './attempt-result.ts'
import type { Dispatch } from './itinerary.ts'
import { callOutcomeOf, type AttemptEnd } from './call-outcome.ts'
import { exhaustedResetMs } from '../ir/rate-limits.ts'
import { rateLimitsOf } from '../providers/rate-limit-headers.ts'
import type { Permit } from '../state/health/store.ts'
import type { AttemptSpending, CallLimits, Reservation } from './limits/limiter.ts'
import type { MediaAddress } from './media/media-addresses.ts'
import type { InlinedMedia } from './media/media-step.ts'
import { PassthroughTransform } from './passthrough-transform.ts'
import { signingCodec } from './remembered-signatures.ts'
import { mayHaveHappened } from './side-effects.ts'
import { StreamFacts, type StreamTransform } from './stream-facts.ts'
import { TranslatingTransform } from './translating-transform.ts'
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
  private readonly deps: ExecutionDeps
  private readonly permit: Permit
  private readonly number: number
  private readonly purpose: AttemptPurpose
  private readonly sessionId: string | undefined
  private readonly controller = new AbortController()
  private timer: AttemptTimer | undefined = undefined
  /** Why the bytes could not go through. The prepared request itself is not kept: a stream may stay open for long after it was sent. */
  private refusals: readonly string[] | undefined = undefined
  /** What encoding an answer needs of the request, where it has to be encoded. */
  private answered: LlmRequest | undefined = undefined
  private waitingSince: number | undefined = undefined
  private isReading = false
  private translates = false
  private ttftMs: number | undefined = undefined
  private upstreamStatus: number | undefined = undefined
  private upstreamRequestId: string | undefined = undefined
  private abortError: GatewayError | undefined = undefined

  constructor({ call, decided, totalAt, number, purpose, trace }: AttemptContext, dispatch: Dispatch, deps: ExecutionDeps) {
    const { revision, route, question } = decided
    this.call = call
    this.route = route
    const { target, provider } = dispatch
    this.provider = provider.speaking?.(target.format) ?? provider
    this.codec = signingCodec(this.provider, call, deps.signatures)
    this.target = target
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

  get facts(): ModelFacts {
    return this.deps.modelFacts(this.target)
  }

  isReachable(): Promise<boolean> {
    return this.provider.isReachable(this.timeouts.connectMs, this.controller.signal, this.account.egress)
  }

  /** Never rejects. */
  async run(): Promise<AttemptResult> {
    const { clock, deadlines } = this.deps
    try {
      if (this.limits !== undefined) await this.reserve(this.limits)
      const addresses = this.deps.media?.wanted(this)
      if (addresses !== undefined) await this.fetchMedia(addresses)
      const prepared = prepareAttempt(this)
      this.refusals = prepared.refusals
      this.translates = prepared.refusals.length > 0
      this.diagnostics = prepared.diagnostics
      if (this.translates) this.answered = answeredRequest(this.call)
      this.call.letGo()
      this.media = undefined
      if (this.trace !== undefined) this.deps.traces?.propagate(this.trace, this.number, prepared.request.headers)
      this.timer = new AttemptTimer(this, clock, deadlines)
      this.waitingSince = clock.now()
      const response = await this.provider.send(prepared.request, this.controller.signal)
      this.timer.connected()
      this.upstreamStatus = response.status
      if (this.provider.settings.findsFormat === true) this.deps.formats?.heard(this.target, response.status)
      this.upstreamRequestId = codeLike(response.headers.get('x-request-id') ?? response.headers.get('request-id'))
      this.learnLimits(response.headers)
      if (!response.ok) throw await this.failureOf(response)
      const headers = this.provider.clientHeadersOf(response.headers, this.call.codec.format)
      const streams = response.headers.get('content-type')?.includes('text/event-stream') ?? false
      if (this.call.stream) return await this.begin(prepared, response, headers, streams)
      // Asked for in order to be folded, or sent by an upstream that knows nothing else.
      this.isReading = true
      const answer = streams
        ? await foldedAnswer(this, response, { context: this.context(), timer: this.timer, facts: this.folding() })
        : readWholeAnswer(this, await this.textOf(response), prepared.refusals.length === 0 ? undefined : this.context())
      this.timer.stop()
      return { kind: 'whole', headers, body: answer.body, facts: answer.facts }
    } catch (error) {
      this.timer?.stop()
      return { kind: 'failed', error: this.toGatewayError(error), next: 'stop' }
    } finally {
      if (this.waitingSince !== undefined) this.waitedMs += clock.now() - this.waitingSince
    }
  }

  private async fetchMedia(addresses: readonly MediaAddress[]): Promise<void> {
    const since = this.deps.clock.now()
    try {
      this.media = await this.deps.media?.inline(addresses, this, this.controller.signal)
    } finally {
      this.waitedMs += this.deps.clock.now() - since
    }
  }

  private folding(): StreamFacts {
    return (this.streamed = new StreamFacts())
  }

  /** The id under which the client may continue an answer; undefined where calls carry their whole conversation. */
  answerIdOf({ id }: StreamFacts): string | undefined {
    const { answerId } = this.call.codec
    if (answerId === undefined) return undefined
    return this.translates ? answerId(id, this.context()) : id
  }

  /** Takes the money and the tokens the attempt may need. */
  private async reserve(limits: CallLimits): Promise<void> {
    this.reservation = await limits.reserve(this)
    // Given up meanwhile: nobody will finish it.
    if (this.abortError === undefined) return
    this.reservation.settle({ usage: undefined, reached: 'nothing' })
    throw this.abortError
  }

  abort(error: GatewayError): void {
    this.abortError ??= error
    this.timer?.stop()
    this.controller.abort(error)
  }

  /** The attempt is over: what it has shown of its target is handed on, and its slot is given back. */
  finish(outcome: AttemptEnd, ending: AttemptEnding = {}): AttemptRecord {
    const { clock } = this.deps
    const { error, next, facts, reason } = ending
    const totalMs = clock.now() - this.startedAt
    this.timer?.stop()
    this.reservation?.settle({ usage: (facts ?? this.streamed)?.usage, reached: this.reachedWith(error) })
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
      facts: facts ?? this.streamed,
      isSent: this.waitingSince !== undefined,
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

  /** How far the attempt got, as far as its cost is concerned. */
  private reachedWith(error: GatewayError | undefined): AttemptSpending['reached'] {
    if (this.waitingSince === undefined || (error !== undefined && !mayHaveHappened(error))) return 'nothing'
    if (this.upstreamStatus === undefined) return 'unknown'
    if (this.upstreamStatus >= 400) return 'nothing'
    // A failure told with a good status, before anything of an answer.
    return error !== undefined && this.ttftMs === undefined ? 'unknown' : 'answer'
  }

  /** The answer has begun: a probe has succeeded, and the time it took is known. */
  private answering(): void {
    this.ttftMs ??= this.deps.clock.now() - this.startedAt
    this.permit.answering()
  }

  /** A limit that is used up is heeded before it refuses. */
  private learnLimits(headers: Headers): void {
    const { clock, accounts } = this.deps
    const limits = rateLimitsOf(headers, clock.wall())
    if (limits === undefined || !accounts.holds(this.provider.id, this.account)) return
    accounts.told(this.provider.id, this.account.id, this.target.model, limits)
    const resetMs = exhaustedResetMs(limits)
    if (resetMs !== undefined) accounts.limited(this.provider.id, this.account.id, this.target.model, clock.now() + resetMs)
  }

  private async failureOf(response: Response): Promise<GatewayError> {
    const facts = await readErrorBody(response, this.provider.codec)
    return this.provider.classify(response.status, facts, response.headers)
  }

  /** Reads a stream until its answer has begun. */
  private async begin(
    prepared: PreparedAttempt,
    response: Response,
    headers: ReturnType<Provider['clientHeadersOf']>,
    streams: boolean,
  ): Promise<AttemptResult> {
    const transform = streams ? this.createTransform(prepared) : await this.replayed(response)
    this.streamed = transform.facts
    const stream = new UpstreamStream({
      body: (streams ? response.body : null) ?? emptyBody(),
      transform,
      timer: this.timer!,
      abortReason: () => this.abortError,
    })
    await stream.prime(this.revision.stream.holdBytes)
    if (stream.error !== undefined) throw stream.error
    if (transform.facts.failure !== undefined && !transform.facts.semantic) {
      stream.stop()
      throw this.provider.classifyInBand(transform.facts.failure)
    }
    this.answering()
    return { kind: 'stream', stream, facts: transform.facts, headers }
  }

  /** An upstream that answered in one piece although a stream was asked for. */
  private async replayed(response: Response): Promise<StreamTransform> {
    this.translates = true
    this.isReading = true
    const text = await this.textOf(response)
    this.isReading = false
    return replayedTransform(this, text, this.context())
  }

  private textOf(response: Response): Promise<string> {
    const { buffers } = this.deps
    return readText(response, { timer: this.timer!, name: this.target.id, maxBytes: this.revision.maxAnswerBytes, buffers })
  }

  private createTransform(prepared: PreparedAttempt): StreamTransform {
    const { call } = this
    if (prepared.refusals.length > 0)
      return new TranslatingTransform(this.codec.createStreamDecoder(), call.codec.createStreamEncoder(this.context()))
    return new PassthroughTransform({
      codec: call.codec,
      showModel: this.route.responseModel === 'requested' ? call.model : undefined,
      dropUsageChunk: prepared.dropUsageChunk,
      createErrorEncoder: () => call.codec.createStreamEncoder(this.context()),
    })
  }

  private context(): ClientContext {
    const { call, route, target } = this
    return {
      requestId: call.requestId.slice(4),
      model: route.responseModel === 'requested' ? call.model : target.model,
      createdAt: Math.floor(this.deps.clock.wall() / 1000),
      request: this.answered ?? call.request,
      upstreamFormat: target.format,
      estimatedInputTokens: this.estimatedInputTokens,
    }
  }

  private toGatewayError(error: unknown): GatewayError {
    if (this.abortError !== undefined) return this.abortError
    if (error instanceof GatewayError) return error
    const options = { cause: error, target: this.target.id }
    return this.isReading
      ? new GatewayError(
          'upstream_stream_interrupted',
          `The connection to ${this.target.id} broke in the middle of its answer.`,
          options,
        )
      : new GatewayError('internal', 'The gateway failed while handling this request.', options)
  }
}

const NO_DIAGNOSTICS: readonly Diagnostic[] = []

/** The conversation is most of a request, and not kept for as long as an upstream takes to answer it. */
const answeredRequest = ({ codec, request }: Call): LlmRequest =>
  codec.echoesRequest === true ? request : { ...request, messages: [] }

/** There is nothing to read, or it was read already. */
const emptyBody = (): ReadableStream<Uint8Array> => new ReadableStream({ start: (controller) => controller.close() })
