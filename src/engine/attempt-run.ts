import type { ClientContext } from '../codecs/codec.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { Diagnostic } from '../ir/diagnostic.ts'
import type { AttemptRecord } from '../ir/record.ts'
import type { Timeouts } from '../ir/snapshot.ts'
import type { Target } from '../ir/target.ts'
import type { AccountSettings } from '../providers/provider.settings.schema.ts'
import type { Provider } from '../providers/provider.types.ts'
import { prepareAttempt, type AttemptInput, type PreparedAttempt } from './attempt.ts'
import { AttemptTimer } from './attempt-timer.ts'
import type { ExecutionDeps } from './execution-deps.ts'
import type { AttemptResult } from './attempt-result.ts'
import { PassthroughTransform } from './passthrough-transform.ts'
import type { StreamFacts, StreamTransform } from './stream-facts.ts'
import { TranslatingTransform } from './translating-transform.ts'
import { UpstreamStream } from './upstream-stream.ts'
import { foldedAnswer, readErrorBody, readWholeAnswer, replayedTransform } from './whole-answer.ts'

/** One dispatch to one account of one target, until its answer has begun, is whole, or has failed. */
export class AttemptRun {
  readonly provider: Provider
  readonly target: Target
  readonly account: AccountSettings
  /** Time spent waiting for the upstream, in ms. */
  waitedMs = 0
  diagnostics: readonly Diagnostic[] = []
  facts: StreamFacts | undefined = undefined
  private readonly input: AttemptInput
  private readonly deps: ExecutionDeps
  private readonly controller = new AbortController()
  private readonly startedAt: number
  private timer: AttemptTimer | undefined = undefined
  private prepared: PreparedAttempt | undefined = undefined
  private waitingSince: number | undefined = undefined
  private upstreamStatus: number | undefined = undefined
  private upstreamRequestId: string | undefined = undefined
  private abortError: GatewayError | undefined = undefined

  constructor(input: AttemptInput, deps: ExecutionDeps) {
    this.input = input
    this.deps = deps
    this.provider = input.provider
    this.target = input.target
    this.account = input.account
    this.startedAt = deps.clock.now()
  }

  /** Never rejects. */
  async run(): Promise<AttemptResult> {
    try {
      this.prepared = prepareAttempt(this.input)
      this.diagnostics = this.prepared.diagnostics
      this.timer = this.createTimer()
      const result = await this.dispatch(this.prepared)
      if (result.kind !== 'stream') this.timer.stop()
      return result
    } catch (error) {
      this.timer?.stop()
      return { kind: 'failed', error: this.toGatewayError(error), next: 'stop' }
    } finally {
      if (this.waitingSince !== undefined) this.waitedMs = this.deps.clock.now() - this.waitingSince
    }
  }

  abort(error: GatewayError): void {
    this.abortError ??= error
    this.timer?.stop()
    this.controller.abort(error)
  }

  record(
    outcome: AttemptRecord['outcome'],
    receivedAt: number,
    error?: GatewayError,
    next?: AttemptRecord['next'],
  ): AttemptRecord {
    this.timer?.stop()
    const refusals = this.prepared?.refusals
    return {
      target_id: this.target.id,
      provider_id: this.provider.id,
      model: this.target.model,
      account_id: this.account.id,
      format: this.target.format,
      started_ms: Math.round((this.startedAt - receivedAt) * 1000) / 1000,
      latency_ms: Math.round((this.deps.clock.now() - this.startedAt) * 1000) / 1000,
      outcome,
      error_code: error?.code,
      error_category: error?.row.category,
      upstream_status: this.upstreamStatus,
      upstream_error_type: codeLike(error?.upstream?.type ?? error?.upstream?.code),
      upstream_request_id: this.upstreamRequestId,
      next,
      passthrough: refusals?.length === 0,
      passthrough_refused: refusals === undefined || refusals.length === 0 ? undefined : refusals,
    }
  }

  private createTimer(): AttemptTimer {
    const { clock, deadlines } = this.deps
    const { call, route } = this.input
    return new AttemptTimer({
      clock,
      deadlines,
      timeouts: call.request.stream ? route.timeouts : withoutFirstToken(route.timeouts),
      totalAt: route.timeouts.totalMs === undefined ? Number.POSITIVE_INFINITY : call.receivedAt + route.timeouts.totalMs,
      expire: (error) => this.abort(error),
      isReachable: () => this.provider.isReachable(route.timeouts.connectMs, this.controller.signal),
      target: this.target.id,
    })
  }

  private async dispatch(prepared: PreparedAttempt): Promise<AttemptResult> {
    this.waitingSince = this.deps.clock.now()
    const response = await this.provider.send(prepared.request, this.controller.signal)
    this.timer?.connected()
    this.upstreamStatus = response.status
    this.upstreamRequestId = codeLike(response.headers.get('x-request-id') ?? response.headers.get('request-id') ?? undefined)
    if (!response.ok) throw await this.failureOf(response)
    return this.readAnswer(prepared, response)
  }

  private async failureOf(response: Response): Promise<GatewayError> {
    const facts = await readErrorBody(response, this.provider.codec)
    return this.provider.classify(response.status, facts, response.headers)
  }

  private async readAnswer(prepared: PreparedAttempt, response: Response): Promise<AttemptResult> {
    const { call } = this.input
    const headers = this.provider.clientHeadersOf(response.headers, call.codec.format)
    const streams = response.headers.get('content-type')?.includes('text/event-stream') ?? false
    // Asked for in order to be folded, or sent by an upstream that knows nothing else.
    if (!call.request.stream && streams)
      return {
        kind: 'whole',
        headers,
        ...(await foldedAnswer(this.input, response, { context: this.context(), timer: this.timer! })),
      }
    if (!call.request.stream)
      return {
        kind: 'whole',
        headers,
        ...(await readWholeAnswer(this.input, response, prepared.refusals.length === 0, this.context())),
      }
    const transform = streams ? this.createTransform(prepared) : await replayedTransform(this.input, response, this.context())
    this.facts = transform.facts
    const stream = new UpstreamStream({
      body: (streams ? response.body : null) ?? emptyBody(),
      transform,
      timer: this.timer!,
      abortReason: () => this.abortError,
    })
    await stream.prime(this.deps.stream.holdBytes)
    if (stream.error !== undefined) throw stream.error
    if (transform.facts.failure !== undefined && !transform.facts.semantic) {
      stream.stop()
      throw this.provider.classifyInBand(transform.facts.failure)
    }
    return { kind: 'stream', stream, facts: transform.facts, headers }
  }

  private createTransform(prepared: PreparedAttempt): StreamTransform {
    const { call } = this.input
    const context = this.context()
    if (prepared.refusals.length > 0)
      return new TranslatingTransform(this.provider.codec.createStreamDecoder(), call.codec.createStreamEncoder(context))
    return new PassthroughTransform({
      codec: call.codec,
      showModel: this.input.route.responseModel === 'requested' ? call.request.model : undefined,
      dropUsageChunk: prepared.dropUsageChunk,
      createErrorEncoder: () => call.codec.createStreamEncoder(context),
    })
  }

  private context(): ClientContext {
    const { call, route, target } = this.input
    return {
      requestId: call.requestId.slice(4),
      model: route.responseModel === 'requested' ? call.request.model : target.model,
      createdAt: Math.floor(this.deps.clock.wall() / 1000),
      request: call.request,
      estimatedInputTokens: this.input.estimatedInputTokens,
    }
  }

  private toGatewayError(error: unknown): GatewayError {
    if (this.abortError !== undefined) return this.abortError
    if (error instanceof GatewayError) return error
    return new GatewayError('internal', 'The gateway failed while handling this request.', {
      cause: error,
      target: this.target.id,
    })
  }
}

/** A buffered answer comes all at once, after as long as the whole of it takes: only silence limits it. */
const withoutFirstToken = (timeouts: Timeouts): Timeouts => ({
  ...timeouts,
  firstTokenMs: Math.max(timeouts.firstTokenMs, timeouts.idleMs),
})

/** There is nothing to read, or it was read already. */
const emptyBody = (): ReadableStream<Uint8Array> => new ReadableStream({ start: (controller) => controller.close() })

/** Keeps upstream words that look like codes or ids; anything else might be text and is not recorded. */
function codeLike(value: string | undefined): string | undefined {
  return value !== undefined && /^[\w.:/-]{1,128}$/.test(value) ? value : undefined
}
