import type { Eventually } from '../lib/eventually.ts'
import type { LazyPrices } from '../catalog/prices/lazy-prices.ts'
import { callNeedsPrices } from '../routing/needs-prices.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { RouteDecision, RoutePlan } from '../ir/decision.ts'
import type { Feature } from '../ir/feature.ts'
import type { DecisionQuestion } from '../ir/question.ts'
import { explainDecision } from '../routing/explain-decision.ts'
import { answerHeaders } from './answer-headers.ts'
import { createDecider, questionOf, type Decider, type DeciderOptions } from './decide-call.ts'
import type { Answer, Call, Engine, HeaderList, PreviewCall, RefusedBody } from './engine.ts'
import { keepingRefusal, keptAnswer } from './ledger/kept-answer.ts'
import { Execution } from './execution.ts'
import { clientGone } from './execution-errors.ts'
import type { Decided, ExecutionDeps } from './execution-deps.ts'
import { failureStream, isToldInStream } from './failure-stream.ts'
import type { CallLimits } from './limits/limiter.ts'
import type { FormatFinder } from './formats/format-finder.ts'
import { forecastMedia } from './media/forecast-media.ts'
import { PendingRecord } from './record/pack-record.ts'
import type { RecordSeed } from './record/record-seed.ts'

export interface EngineOptions extends Omit<ExecutionDeps, 'onSettled' | 'affinity' | 'formats'>, DeciderOptions {
  readonly formats?: Pick<FormatFinder, 'formatOf' | 'prepare' | 'heard'> | undefined
  readonly countTokens: (call: Call, decided: Decided) => Promise<Answer>
  /** Loaded for the first call that brings prices into its decision. */
  readonly prices?: Pick<LazyPrices, 'book' | 'warm'> | undefined
}

/** Builds the engine. Nothing is started; it holds no timers while idle. */
export function createEngine(options: EngineOptions): Engine {
  const decider = createDecider(options)
  const serving = new Serving(options, decider)
  return {
    get active() {
      return serving.active
    },
    generate(call) {
      return lacksPrices(call, options) ? warm(options).then(() => serving.serve(call)) : serving.serve(call)
    },
    countTokens: (call) => countTokens(call, decider, options),
    refuse(call) {
      record(options, call, {
        snapshot: options.revision().snapshot,
        plan: DENIED,
        status: call.error.httpStatus,
        errorCode: call.error.code,
        operation: call.operation,
      })
    },
    replay(call, body) {
      const { snapshot } = options.revision()
      record(options, facts(call, decider), {
        snapshot,
        plan: REPLAYED,
        status: 200,
        errorCode: undefined,
        operation: 'generate',
      })
      return {
        kind: 'whole',
        status: 200,
        headers: [...ownHeaders(call, REPLAYED, options), ['idempotent-replayed', 'true']],
        body,
      }
    },
    async preview(call) {
      // There is time for them, and the decision tells what it would cost.
      await warm(options)
      const decided = decider.decide(call)
      return previewOf(call, decided, options)
    },
  }
}

function previewOf(call: PreviewCall, decided: Decided, { media: step }: EngineOptions): RouteDecision {
  const decision = explainDecision(call.requestId, decided.plan, decided.question)
  const media = forecastMedia(call, decided, step)
  return media.length === 0 ? decision : { ...decision, media }
}

/** Counts within the caller's limits, in which it is a request like any other. */
async function countTokens(call: Call, decider: Decider, options: EngineOptions): Promise<Answer> {
  const operation = 'count-tokens'
  let limits: CallLimits | undefined
  try {
    limits = await options.limiter?.admit(call)
    if (lacksPrices(call, options)) await warm(options)
    const decided = decider.decide(call)
    const answer = await options.countTokens(call, decided)
    const { snapshot, plan } = decided
    record(options, facts(call, decider), { snapshot, plan, status: 200, errorCode: undefined, operation })
    return answer
  } catch (error) {
    return refused(call, error, { ...facts(call, decider), operation }, options)
  } finally {
    // Nothing was generated: the tokens that were held are free again.
    limits?.end()
  }
}

/** Lets calls in, decides and executes them. Waits only where a limit makes it wait. */
class Serving {
  /** Calls whose answer is not complete. */
  active = 0
  private readonly options: EngineOptions
  private readonly decider: Decider
  private readonly deps: ExecutionDeps

  constructor(options: EngineOptions, decider: Decider) {
    this.options = options
    this.decider = decider
    const onSettled = (call: Call): void => {
      this.active--
      options.media?.letGo(call)
    }
    this.deps = { ...options, onSettled }
  }

  serve(call: Call): Promise<Answer> {
    this.active++
    const { ledger, limiter } = this.options
    const refusal = keepingRefusal(ledger)
    if (refusal !== undefined) return Promise.resolve(this.denied(call, refusal))
    let admission: Eventually<CallLimits | undefined>
    try {
      admission = limiter?.admit(call)
    } catch (error) {
      return Promise.resolve(this.denied(call, error))
    }
    if (!(admission instanceof Promise)) return this.execute(call, admission)
    return admission.then(
      (limits) => this.execute(call, limits),
      (error: unknown) => this.denied(call, error),
    )
  }

  private execute(call: Call, limits: CallLimits | undefined, hasWaited = false): Promise<Answer> {
    let decided: Decided
    try {
      // Nobody has listened for an abort until now.
      if (call.signal.aborted) throw clientGone()
      decided = this.decider.decide(call, limits)
      const finding = hasWaited ? undefined : this.finding(decided)
      if (finding !== undefined) return finding.then(() => this.execute(call, limits, true))
    } catch (error) {
      limits?.end()
      return Promise.resolve(this.denied(call, error))
    }
    this.decider.count(decided)
    const answer = new Execution(call, decided, this.deps).run()
    const { ledger } = this.options
    return ledger?.required === true ? keptAnswer(answer, ledger) : answer
  }

  /** What the first target speaks is not known yet, and is being found out. */
  private finding({ snapshot, plan }: Decided): Promise<void> | undefined {
    return snapshot.findsFormats === true ? this.options.formats?.prepare(plan.targets) : undefined
  }

  private denied(call: Call, error: unknown): Answer {
    this.active--
    return refused(call, error, facts(call, this.decider), this.options)
  }
}

const lacksPrices = ({ model, hints }: Call, { prices, revision }: EngineOptions): boolean =>
  prices !== undefined && prices.book === undefined && callNeedsPrices(revision().snapshot, { model, hints })

/** Prices that cannot be loaded are unknown. */
const warm = async ({ prices }: EngineOptions): Promise<unknown> => prices?.warm().catch(() => undefined)

/** A call that found no route, with its record. */
function refused(call: Call, thrown: unknown, known: Refusal, options: EngineOptions): Answer {
  const error =
    thrown instanceof GatewayError
      ? thrown
      : new GatewayError('internal', 'The gateway failed while deciding on this request.', { cause: thrown })
  const { snapshot, stream } = options.revision()
  const { operation = 'generate' } = known
  const inStream = operation === 'generate' && isToldInStream(call, error)
  const status = inStream ? 200 : error.httpStatus
  record(options, known, { snapshot, plan: DENIED, status, errorCode: error.code, operation })
  const headers = [...ownHeaders(call, DENIED, options), ...error.headersFor(call.codec.format)]
  if (!inStream) return { kind: 'error', error, headers }
  return { kind: 'stream', status, headers, stream: failureStream(call, error, stream.pingMs) }
}

/** Headers of an answer for which nobody was called. */
function ownHeaders({ requestId, receivedAt }: Call, plan: RoutePlan, { clock, revision }: EngineOptions): HeaderList {
  const overheadUs = (clock.now() - receivedAt) * 1000
  return answerHeaders({ requestId, snapshot: revision().snapshot, plan, served: undefined, overheadUs, diagnostics: [] })
}

const undecided = (name: string): RoutePlan => ({ route: name, strategy: name, targets: [], rejected: [], unverified: false })
const DENIED = undecided('denied')
const REPLAYED = undecided('replayed')

type Refusal = Pick<RefusedBody, 'requestId' | 'receivedAt' | 'format' | 'principal' | 'requestBytes'> &
  Partial<Pick<RecordSeed, 'sessionId' | 'question' | 'diagnostics'>> & {
    readonly operation?: RecordSeed['operation'] | undefined
    readonly headers?: Headers | undefined
  }

function facts(call: Call, decider: Pick<Decider, 'sessionOf'>): Refusal {
  const question = questionOf(call)
  question.letGo()
  return {
    requestId: call.requestId,
    receivedAt: call.receivedAt,
    format: call.codec.format,
    principal: call.principal,
    requestBytes: call.body.bytes.length,
    sessionId: decider.sessionOf(call),
    question,
    diagnostics: call.diagnostics,
    operation: call.endpoint?.operation,
    headers: call.headers,
  }
}

const NO_FEATURES: ReadonlySet<Feature> = new Set()

/** What is known of a body that could not be read. */
const unread = ({ format: clientFormat, principal }: Refusal): DecisionQuestion => ({
  model: '',
  clientFormat,
  stream: false,
  estimatedInputTokens: 0,
  maxOutputTokens: undefined,
  features: () => NO_FEATURES,
  principal,
})

/** Writes the record of a call that made no attempt of its own. */
function record(
  options: EngineOptions,
  call: Refusal,
  ending: Pick<RecordSeed, 'snapshot' | 'plan' | 'status' | 'errorCode' | 'operation'>,
): void {
  const totalMs = options.clock.now() - call.receivedAt
  const seed: RecordSeed = {
    ...ending,
    requestId: call.requestId,
    startedAt: options.clock.wall() - totalMs,
    principal: call.principal,
    sessionId: call.sessionId,
    question: call.question ?? unread(call),
    attempts: [],
    skipped: [],
    diagnostics: call.diagnostics ?? [],
    facts: undefined,
    totalMs,
    firstTokenMs: undefined,
    overheadUs: totalMs * 1000,
    requestBytes: call.requestBytes,
    committedEarly: false,
    clientRetry: undefined,
    trace: call.headers === undefined ? undefined : options.traces?.begin(call.requestId, call.headers),
  }
  options.records.append(new PendingRecord(seed))
  options.requestEnded?.(seed)
}
