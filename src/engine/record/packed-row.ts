import type { RouteDecision } from '../../ir/decision.ts'
import type { Diagnostic } from '../../ir/diagnostic.ts'
import type { AttemptRecord, RequestRecord, SkippedTarget } from '../../ir/record.ts'
import type { Absent, PackedDecision } from '../../routing/packed-decision.ts'

/**
 * Form of packed records. A column may be added behind the others, where older rows have none; any other change needs a new number, and the
 * older forms stay readable.
 */
export const FORM = 2

/** Columns of a packed record. In form 1 decision and attempts are written out, in form 2 they are packed too. */
export type PackedRow = readonly [
  form: 1 | typeof FORM,
  requestId: string,
  startedAt: number,
  engineVersion: string,
  revision: number,
  configHash: string,
  operation: RequestRecord['operation'],
  role: string,
  keyId: string | Absent,
  tenant: string | Absent,
  sessionId: string | Absent,
  status: number,
  errorCode: string | Absent,
  totalMs: number,
  firstTokenMs: number | Absent,
  overheadUs: number,
  requestBytes: number,
  committedEarly: boolean,
  servedModel: string | Absent,
  finish: string | Absent,
  finishRaw: string | Absent,
  usage: RequestRecord['usage'] | Absent,
  decision: RouteDecision | PackedDecision,
  attempts: readonly (AttemptRecord | PackedAttempt)[],
  diagnostics: readonly Diagnostic[],
  skipped: readonly SkippedTarget[],
  clientRetry: number | Absent,
]

export type PackedAttempt = readonly [
  targetId: string,
  providerId: string,
  model: string,
  accountId: string,
  format: string,
  startedMs: number,
  latencyMs: number,
  outcome: AttemptRecord['outcome'],
  errorCode: string | Absent,
  errorCategory: string | Absent,
  upstreamStatus: number | Absent,
  upstreamErrorType: string | Absent,
  upstreamRequestId: string | Absent,
  next: NonNullable<AttemptRecord['next']> | Absent,
  cancelledBecause: NonNullable<AttemptRecord['cancelled_because']> | Absent,
  passthrough: boolean,
  passthroughRefused: readonly string[] | Absent,
  /** `usageOfRecord` where it is the same as that of the whole record. */
  usage?: NonNullable<AttemptRecord['usage']> | typeof USAGE_OF_RECORD | Absent,
  usageKnown?: NonNullable<AttemptRecord['usage_known']> | Absent,
  egress?: string,
]

/** Nearly every record has one attempt, which used what the record says. */
export const USAGE_OF_RECORD = 1
