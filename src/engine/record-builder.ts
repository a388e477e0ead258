import { explainDecision } from '../routing/explain-decision.ts'
import type { Diagnostic } from '../ir/diagnostic.ts'
import type { DecisionInputs, RoutePlan } from '../ir/decision.ts'
import type { Principal } from '../ir/principal.ts'
import type { AttemptRecord, RequestRecord, SkippedTarget } from '../ir/record.ts'
import type { RoutingSnapshot } from '../ir/snapshot.ts'
import type { StreamFacts } from './stream-facts.ts'
import { ENGINE_VERSION } from './version.ts'

/** What is kept of a finished request until its record is written: numbers and codes, no body. */
export interface RecordSeed {
  readonly requestId: string
  readonly startedAt: number
  readonly snapshot: RoutingSnapshot
  readonly operation: RequestRecord['operation']
  readonly principal: Principal
  readonly sessionId: string | undefined
  readonly inputs: DecisionInputs
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
}

/** The record of a request. Called when records are flushed, off the response path. */
export function buildRecord(seed: RecordSeed): RequestRecord {
  const { facts, plan, inputs, principal } = seed
  const served = seed.attempts.findLast((attempt) => attempt.outcome !== 'failed')
  return {
    schema: 'switchback.record/v1',
    request_id: seed.requestId,
    started_at: seed.startedAt,
    engine_version: ENGINE_VERSION,
    revision: seed.snapshot.revision,
    config_hash: seed.snapshot.configHash,
    operation: seed.operation,
    client_format: inputs.client_format,
    requested_model: inputs.model,
    session_id: seed.sessionId,
    tenant: principal.tenant,
    api_key_id: principal.keyId,
    role: principal.role,
    streamed: inputs.stream,
    decision: explainDecision(seed.requestId, plan, inputs),
    attempts: seed.attempts,
    skipped: seed.skipped.length === 0 ? undefined : seed.skipped,
    diagnostics: bounded(seed.diagnostics),
    status: seed.status,
    error_code: seed.errorCode,
    served: served?.target_id,
    served_model: facts?.model,
    finish: facts?.finish?.unified,
    finish_raw: facts?.finish?.raw,
    usage: facts?.usage === undefined ? undefined : ({ ...facts.usage, raw: undefined } as RequestRecord['usage']),
    timings: {
      total_ms: round(seed.totalMs),
      first_token_ms: seed.firstTokenMs === undefined ? undefined : round(seed.firstTokenMs),
      overhead_us: Math.round(seed.overheadUs),
    },
    request_bytes: seed.requestBytes,
    committed_early: seed.committedEarly ? true : undefined,
  }
}

/** Paths hold names that clients chose: neither their number nor their length may fill the store. */
const MOST_DIAGNOSTICS = 200
const LONGEST_PATH = 256

const bounded = (diagnostics: readonly Diagnostic[]): readonly Diagnostic[] =>
  diagnostics
    .slice(0, MOST_DIAGNOSTICS)
    .map((diagnostic) =>
      diagnostic.path.length <= LONGEST_PATH ? diagnostic : { ...diagnostic, path: `${diagnostic.path.slice(0, LONGEST_PATH)}…` },
    )

const round = (milliseconds: number): number => Math.round(milliseconds * 1000) / 1000
