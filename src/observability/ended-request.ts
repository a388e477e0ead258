import type { RoutePlan } from '../ir/decision.ts'
import type { FinishReason } from '../ir/finish.ts'
import type { Principal } from '../ir/principal.ts'
import type { DecisionQuestion } from '../ir/question.ts'
import type { AttemptRecord, RequestRecord } from '../ir/record.ts'
import type { RoutingSnapshot } from '../ir/snapshot.ts'
import type { Usage } from '../ir/usage.ts'
import type { TraceContext } from './tracing/trace-context.ts'

/**
 * What a request that has ended tells whoever watches the gateway: what its record is made of, as references. Numbers, codes and names;
 * nothing of the prompt or the answer.
 */
export interface EndedRequest {
  readonly requestId: string
  /** Unix milliseconds. */
  readonly startedAt: number
  readonly snapshot: RoutingSnapshot
  readonly operation: RequestRecord['operation']
  readonly principal: Principal
  readonly sessionId: string | undefined
  readonly question: Pick<DecisionQuestion, 'model' | 'clientFormat' | 'stream' | 'maxOutputTokens'>
  readonly plan: Pick<RoutePlan, 'route' | 'strategy'>
  /** In the order in which they ended. */
  readonly attempts: readonly AttemptRecord[]
  /** What the client saw; 499 when it went away first. */
  readonly status: number
  readonly errorCode: string | undefined
  readonly facts: EndedAnswer | undefined
  readonly totalMs: number
  readonly firstTokenMs: number | undefined
  readonly overheadUs: number
  readonly requestBytes: number
  /** Undefined where nothing is traced. */
  readonly trace?: TraceContext | undefined
}

/** What is known of the answer. */
export interface EndedAnswer {
  readonly usage: Usage | undefined
  readonly finish: FinishReason | undefined
  /** Model name the upstream reported. */
  readonly model: string | undefined
}

/** Hears of requests that have ended. Must not throw. */
export type EndedRequestListener = (request: EndedRequest) => void

/** The attempt whose answer the client got, whole or in part. */
export const servingAttempt = ({ attempts }: Pick<EndedRequest, 'attempts'>): AttemptRecord | undefined =>
  attempts.findLast(({ outcome, cancelled_because }) => outcome !== 'failed' && cancelled_because !== 'hedge')
