import type { RoutePlan } from '../../ir/decision.ts'
import type { Diagnostic } from '../../ir/diagnostic.ts'
import type { Principal } from '../../ir/principal.ts'
import type { DecisionQuestion } from '../../ir/question.ts'
import type { AttemptRecord, RequestRecord, SkippedTarget } from '../../ir/record.ts'
import type { RoutingSnapshot } from '../../ir/snapshot.ts'
import type { TraceContext } from '../../observability/tracing/trace-context.ts'
import type { StreamFacts } from '../stream-facts.ts'

/** What a finished request leaves for its record: numbers, codes and what the decision looked at. Nothing of the request itself. */
export interface RecordSeed {
  readonly requestId: string
  /** Unix milliseconds. */
  readonly startedAt: number
  readonly snapshot: RoutingSnapshot
  readonly operation: RequestRecord['operation']
  readonly principal: Principal
  readonly sessionId: string | undefined
  readonly question: DecisionQuestion
  readonly plan: RoutePlan
  readonly attempts: readonly AttemptRecord[]
  readonly skipped: readonly SkippedTarget[]
  readonly diagnostics: readonly Diagnostic[]
  readonly status: number
  readonly errorCode: string | undefined
  readonly facts: StreamFacts | undefined
  readonly totalMs: number
  readonly firstTokenMs: number | undefined
  readonly overheadUs: number
  readonly requestBytes: number
  readonly committedEarly: boolean
  readonly clientRetry: number | undefined
  readonly trace?: TraceContext | undefined
}
