import { extractFeatures } from '../catalog/features.ts'
import { housekeepingFeatures } from '../catalog/housekeeping.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { DecisionInputs, RoutePlan } from '../ir/decision.ts'
import type { Feature } from '../ir/feature.ts'
import type { ObservedState } from '../ir/observed.ts'
import type { DecisionQuestion, SessionPin } from '../ir/question.ts'
import type { FactsOf, RoutingSnapshot } from '../ir/snapshot.ts'
import type { WireFormat } from '../ir/wire-format.ts'
import { NOTHING_KNOWN } from '../routing/candidate.ts'
import { clientFamily } from '../routing/client-family.ts'
import { decide } from '../routing/decide.ts'
import { decisionInputs, explainDecision } from '../routing/explain-decision.ts'
import { resolveRoute } from '../routing/resolve-route.ts'
import { answerHeaders } from './answer-headers.ts'
import type { Answer, Call, Engine, PreviewCall, RefusedBody } from './engine.ts'
import { Execution } from './execution.ts'
import type { Decided, ExecutionDeps } from './execution-deps.ts'
import { buildRecord, type RecordSeed } from './record-builder.ts'
import { observeAccounts } from './observe-accounts.ts'
import { RouteCursors } from './route-cursors.ts'
import { sessionIdOf } from './session-id.ts'
import { estimateInputTokens } from './token-estimate.ts'

export interface EngineOptions extends Omit<ExecutionDeps, 'onSettled'> {
  /** The snapshot in force; a call pins the one it gets. */
  readonly snapshot: () => RoutingSnapshot
  readonly countTokens: (call: Call, decided: Decided) => Promise<Answer>
  /** What is known of targets; without it nothing is. */
  readonly factsOf?: FactsOf | undefined
  /** What is observed of targets; without it only what their accounts tell. */
  readonly observed?: Pick<ObservedState, 'of'> | undefined
  /** Who served a session before, by the session's id. */
  readonly pinOf?: ((sessionId: string) => SessionPin | undefined) | undefined
}

/** Builds the engine. Nothing is started; it holds no timers while idle. */
export function createEngine(options: EngineOptions): Engine {
  let active = 0
  const deps: ExecutionDeps = { ...options, onSettled: () => active-- }

  const cursors = new RouteCursors()
  const targets = options.observed ?? observeAccounts(options.accounts, options.snapshot)
  const observed: ObservedState = { of: (target) => targets.of(target), cursor: cursors.at }
  const factsOf = options.factsOf ?? (() => NOTHING_KNOWN)

  const decideCall = (call: AskingCall): Decided => {
    const snapshot = options.snapshot()
    const question = questionOf(call, options.pinOf)
    const resolved = resolveRoute(snapshot, question)
    const seed = Math.floor(options.random() * 2 ** 32)
    return { snapshot, route: resolved.route, plan: decide(snapshot, resolved, question, { observed, factsOf, seed }), question }
  }

  return {
    get active() {
      return active
    },
    async generate(call) {
      active++
      let decided: Decided
      try {
        decided = decideCall(call)
      } catch (error) {
        active--
        return refused(call, error, options)
      }
      if (decided.plan.strategy === 'round_robin') cursors.advance(decided.plan.route)
      return new Execution(call, decided, deps).run()
    },
    async countTokens(call) {
      try {
        const decided = decideCall(call)
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
      const decided = decideCall(call)
      return explainDecision(call.requestId, decided.plan, decisionInputs(decided.question))
    },
  }
}

type AskingCall = Omit<PreviewCall, 'requestId'>

function questionOf(call: AskingCall, pinOf?: EngineOptions['pinOf']): DecisionQuestion {
  const { request, headers } = call
  let features: ReadonlySet<Feature> | undefined
  let housekeeping: ReadonlySet<Feature> | undefined
  const sessionId = pinOf === undefined || headers === undefined ? undefined : sessionIdOf(headers, request)
  return {
    model: request.model,
    clientFormat: call.codec.format,
    stream: request.stream,
    estimatedInputTokens: estimateInputTokens(request, call.body),
    maxOutputTokens: request.maxOutputTokens,
    features: () => (features ??= extractFeatures(request)),
    housekeeping: () => (housekeeping ??= housekeepingFeatures(request)),
    parallelTools: request.parallelToolCalls,
    hints: call.hints,
    principal: call.principal,
    client: headers === undefined ? undefined : clientFamily(headers.get('user-agent')),
    header: (name) => headers?.get(name) ?? undefined,
    metadata: (name) => textOf(request.metadata, name),
    session: sessionId === undefined ? undefined : pinOf?.(sessionId),
  }
}

function textOf(metadata: Readonly<Record<string, unknown>> | undefined, name: string): string | undefined {
  const value = metadata !== undefined && Object.hasOwn(metadata, name) ? metadata[name] : undefined
  return typeof value === 'string' ? value : undefined
}

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
  Partial<Pick<RecordSeed, 'sessionId' | 'inputs' | 'diagnostics'>>

const facts = (call: Call): Refusal => ({
  requestId: call.requestId,
  receivedAt: call.receivedAt,
  format: call.codec.format,
  principal: call.principal,
  requestBytes: call.body.bytes.length,
  sessionId: sessionIdOf(call.headers, call.request),
  inputs: decisionInputs(questionOf(call)),
  diagnostics: call.diagnostics,
})

/** What is known of a body that could not be read. */
const unreadInputs = (clientFormat: WireFormat): DecisionInputs => ({
  model: '',
  stream: false,
  tools: false,
  json_schema: false,
  vision: false,
  audio: false,
  file: false,
  client_format: clientFormat,
  estimated_input_tokens: 0,
  features: [],
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
    inputs: call.inputs ?? unreadInputs(call.format),
    attempts: [],
    skipped: [],
    diagnostics: call.diagnostics ?? [],
    facts: undefined,
    totalMs,
    firstTokenMs: undefined,
    overheadUs: totalMs * 1000,
    requestBytes: call.requestBytes,
    committedEarly: false,
  }
  options.records.append(() => buildRecord(seed))
}
