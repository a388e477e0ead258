import type { LazyPrices } from '../catalog/prices/lazy-prices.ts'
import { callNeedsPrices } from '../routing/needs-prices.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { RoutePlan } from '../ir/decision.ts'
import type { Feature } from '../ir/feature.ts'
import type { WireFormat } from '../ir/wire-format.ts'
import type { DecisionQuestion } from '../ir/question.ts'
import { explainDecision } from '../routing/explain-decision.ts'
import { answerHeaders } from './answer-headers.ts'
import { createDecider, questionOf, type Decider, type DeciderOptions } from './decide-call.ts'
import type { Answer, Call, Engine, RefusedBody } from './engine.ts'
import { Execution } from './execution.ts'
import { clientGone } from './execution-errors.ts'
import type { Decided, ExecutionDeps } from './execution-deps.ts'
import type { CallLimits } from './limits/limiter.ts'
import { PendingRecord } from './record/pack-record.ts'
import type { RecordSeed } from './record/record-seed.ts'

export interface EngineOptions extends Omit<ExecutionDeps, 'onSettled' | 'affinity'>, DeciderOptions {
  readonly countTokens: (call: Call, decided: Decided) => Promise<Answer>
  /** Loaded for the first call that brings prices into its decision. */
  readonly prices?: Pick<LazyPrices, 'book' | 'warm'> | undefined
}

/** Builds the engine. Nothing is started; it holds no timers while idle. */
export function createEngine(options: EngineOptions): Engine {
  let active = 0
  const deps: ExecutionDeps = { ...options, onSettled: () => active-- }

  const decider = createDecider(options)

  const execute = (call: Call, limits: CallLimits | undefined): Promise<Answer> => {
    let decided: Decided
    try {
      // Nobody has listened for an abort until now.
      if (call.signal.aborted) throw clientGone()
      const made = decider.decide(call)
      decided = limits === undefined ? made : { ...made, limits }
    } catch (error) {
      limits?.end()
      return Promise.resolve(denied(call, error))
    }
    decider.count(decided)
    return new Execution(call, decided, deps).run()
  }

  const denied = (call: Call, error: unknown): Answer => {
    active--
    return refused(call, error, facts(call, decider), options)
  }

  /** Waits only where a limit makes it wait. */
  const serve = (call: Call): Promise<Answer> => {
    active++
    let admission: Promise<CallLimits | undefined> | undefined
    try {
      admission = options.limiter?.admit(call)
    } catch (error) {
      return Promise.resolve(denied(call, error))
    }
    if (admission === undefined) return execute(call, undefined)
    return admission.then(
      (limits) => execute(call, limits),
      (error: unknown) => denied(call, error),
    )
  }

  return {
    get active() {
      return active
    },
    generate(call) {
      const warming = lacksPrices(call, options) ? options.prices?.warm() : undefined
      // Prices that cannot be loaded are unknown.
      return warming === undefined
        ? serve(call)
        : warming.then(
            () => serve(call),
            () => serve(call),
          )
    },
    async countTokens(call) {
      try {
        const decided = decider.decide(call)
        const answer = await options.countTokens(call, decided)
        record(options, facts(call, decider), {
          snapshot: decided.snapshot,
          plan: decided.plan,
          status: 200,
          errorCode: undefined,
          operation: 'count-tokens',
        })
        return answer
      } catch (error) {
        return refused(call, error, { ...facts(call, decider), operation: 'count-tokens' }, options)
      }
    },
    refuse(call) {
      record(options, call, {
        snapshot: options.revision().snapshot,
        plan: DENIED,
        status: call.error.httpStatus,
        errorCode: call.error.code,
        operation: call.operation,
      })
    },
    preview(call) {
      const decided = decider.decide(call)
      return explainDecision(call.requestId, decided.plan, decided.question)
    },
  }
}

const lacksPrices = ({ model, hints }: Call, { prices, revision }: EngineOptions): boolean =>
  prices !== undefined && prices.book === undefined && callNeedsPrices(revision().snapshot, { model, hints })

/** A call that found no route, with its record. */
function refused(call: Call, thrown: unknown, known: Refusal, options: EngineOptions): Answer {
  const error =
    thrown instanceof GatewayError
      ? thrown
      : new GatewayError('internal', 'The gateway failed while deciding on this request.', { cause: thrown })
  const { snapshot } = options.revision()
  const { operation = 'generate' } = known
  record(options, known, { snapshot, plan: DENIED, status: error.httpStatus, errorCode: error.code, operation })
  const overheadUs = (options.clock.now() - call.receivedAt) * 1000
  const own = answerHeaders({ requestId: call.requestId, snapshot, plan: DENIED, served: undefined, overheadUs, diagnostics: [] })
  return { kind: 'error', error, headers: [...own, ...error.headersFor(call.codec.format)] }
}

const DENIED: RoutePlan = { route: 'denied', strategy: 'denied', targets: [], rejected: [], unverified: false }

type Refusal = Pick<RefusedBody, 'requestId' | 'receivedAt' | 'format' | 'principal' | 'requestBytes'> &
  Partial<Pick<RecordSeed, 'sessionId' | 'question' | 'diagnostics' | 'operation'>>

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
  }
}

const NO_FEATURES: ReadonlySet<Feature> = new Set()

/** What is known of a body that could not be read. */
const unread = (clientFormat: WireFormat): DecisionQuestion => ({
  model: '',
  clientFormat,
  stream: false,
  estimatedInputTokens: 0,
  maxOutputTokens: undefined,
  features: () => NO_FEATURES,
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
    question: call.question ?? unread(call.format),
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
  }
  options.records.append(new PendingRecord(seed))
}
