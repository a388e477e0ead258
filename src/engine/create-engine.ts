import type { LazyPrices } from '../catalog/prices/lazy-prices.ts'
import { callNeedsPrices } from '../routing/needs-prices.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { RoutePlan } from '../ir/decision.ts'
import type { Feature } from '../ir/feature.ts'
import type { WireFormat } from '../ir/wire-format.ts'
import type { DecisionQuestion } from '../ir/question.ts'
import { explainDecision } from '../routing/explain-decision.ts'
import { answerHeaders } from './answer-headers.ts'
import { createDecider, questionOf, type DeciderOptions } from './decide-call.ts'
import type { Answer, Call, Engine, RefusedBody } from './engine.ts'
import { keptAnswer, keepingRefusal } from './ledger/kept-answer.ts'
import { Execution } from './execution.ts'
import type { Decided, ExecutionDeps } from './execution-deps.ts'
import { PendingRecord } from './record/pack-record.ts'
import type { RecordSeed } from './record/record-seed.ts'
import { sessionIdOf } from './session-id.ts'

export interface EngineOptions extends Omit<ExecutionDeps, 'onSettled'>, Omit<DeciderOptions, 'accounts'> {
  readonly countTokens: (call: Call, decided: Decided) => Promise<Answer>
  /** Loaded for the first call that brings prices into its decision. */
  readonly prices?: Pick<LazyPrices, 'book' | 'warm'> | undefined
}

/** Builds the engine. Nothing is started; it holds no timers while idle. */
export function createEngine(options: EngineOptions): Engine {
  let active = 0
  const deps: ExecutionDeps = { ...options, onSettled: () => active-- }

  const decider = createDecider(options)

  return {
    get active() {
      return active
    },
    async generate(call) {
      if (lacksPrices(call, options)) await options.prices?.warm().catch(() => undefined) // then they are unknown
      const refusal = keepingRefusal(options.ledger)
      if (refusal !== undefined) return refused(call, refusal, options)
      active++
      let decided: Decided
      try {
        decided = decider.decide(call)
      } catch (error) {
        active--
        return refused(call, error, options)
      }
      decider.count(decided)
      const answer = new Execution(call, decided, deps).run()
      return options.ledger?.required === true ? keptAnswer(await answer, options.ledger) : answer
    },
    async countTokens(call) {
      try {
        const decided = decider.decide(call)
        const answer = await options.countTokens(call, decided)
        record(options, facts(call), {
          snapshot: decided.snapshot,
          plan: decided.plan,
          status: 200,
          errorCode: undefined,
          operation: 'count-tokens',
        })
        return answer
      } catch (error) {
        return refused(call, error, options, 'count-tokens')
      }
    },
    refuse(call) {
      record(options, call, {
        snapshot: options.snapshot(),
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

const lacksPrices = ({ request, hints }: Call, { prices, snapshot }: EngineOptions): boolean =>
  prices !== undefined && prices.book === undefined && callNeedsPrices(snapshot(), { model: request.model, hints })

/** A call that found no route, with its record. */
function refused(call: Call, thrown: unknown, options: EngineOptions, operation: RecordSeed['operation'] = 'generate'): Answer {
  const error =
    thrown instanceof GatewayError
      ? thrown
      : new GatewayError('internal', 'The gateway failed while deciding on this request.', { cause: thrown })
  const snapshot = options.snapshot()
  record(options, facts(call), { snapshot, plan: DENIED, status: error.httpStatus, errorCode: error.code, operation })
  const overheadUs = (options.clock.now() - call.receivedAt) * 1000
  return {
    kind: 'error',
    error,
    headers: answerHeaders({ requestId: call.requestId, snapshot, plan: DENIED, served: undefined, overheadUs, diagnostics: [] }),
  }
}

const DENIED: RoutePlan = { route: 'denied', strategy: 'denied', targets: [], rejected: [], unverified: false }

type Refusal = Pick<RefusedBody, 'requestId' | 'receivedAt' | 'format' | 'principal' | 'requestBytes'> &
  Partial<Pick<RecordSeed, 'sessionId' | 'question' | 'diagnostics'>>

function facts(call: Call): Refusal {
  const question = questionOf(call)
  question.letGo()
  return {
    requestId: call.requestId,
    receivedAt: call.receivedAt,
    format: call.codec.format,
    principal: call.principal,
    requestBytes: call.body.bytes.length,
    sessionId: sessionIdOf(call.headers, call.request),
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
