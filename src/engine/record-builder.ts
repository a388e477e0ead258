import { explainDecision } from '../routing/explain-decision.ts'
import type { Diagnostic } from '../ir/diagnostic.ts'
import type { DecisionInputs, RouteDecision, RoutePlan } from '../ir/decision.ts'
import type { Principal } from '../ir/principal.ts'
import type { AttemptRecord, RequestRecord, SkippedTarget } from '../ir/record.ts'
import type { RoutingSnapshot } from '../ir/snapshot.ts'
import type { Usage } from '../ir/usage.ts'
import type { StreamFacts } from './stream-facts.ts'
import { ENGINE_VERSION } from './version.ts'
import type { PackedRecord } from '../state/records/store.ts'

/** What a finished request leaves for its record: numbers and codes, no body. */
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
  readonly clientRetry: number | undefined
}

/** Form of the packed record; a change of the order below needs a new number, and the old one stays readable. */
const FORM = 1

/** `undefined` inside an array takes the runtime's JSON off its fast path: three times as dear. */
type Absent = null

/** A record without what can be told from the rest. The order is that of `unpackRecord`. */
type PackedFields = readonly [
  form: typeof FORM,
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
  decision: RouteDecision,
  attempts: readonly AttemptRecord[],
  diagnostics: readonly Diagnostic[],
  skipped: readonly SkippedTarget[],
  clientRetry: number | Absent,
]

/**
 * The record of a request, as its store takes it. Packed at once, as text: what a record is made of would otherwise stand in memory until
 * the batch is written, which cost more than everything else about records.
 */
export function packRecord(seed: RecordSeed): PackedRecord {
  const { facts, inputs, principal, sessionId } = seed
  const fields: PackedFields = [
    FORM,
    seed.requestId,
    seed.startedAt,
    ENGINE_VERSION,
    seed.snapshot.revision,
    seed.snapshot.configHash,
    seed.operation,
    principal.role,
    principal.keyId ?? null,
    principal.tenant ?? null,
    sessionId ?? null,
    seed.status,
    seed.errorCode ?? null,
    round(seed.totalMs),
    seed.firstTokenMs === undefined ? null : round(seed.firstTokenMs),
    Math.round(seed.overheadUs),
    seed.requestBytes,
    seed.committedEarly,
    facts?.model ?? null,
    facts?.finish?.unified ?? null,
    facts?.finish?.raw ?? null,
    withoutRaw(facts?.usage),
    explainDecision(seed.requestId, seed.plan, inputs),
    seed.attempts,
    bounded(seed.diagnostics),
    seed.skipped,
    seed.clientRetry ?? null,
  ]
  return {
    requestId: seed.requestId,
    startedAt: seed.startedAt,
    model: inputs.model,
    status: seed.status,
    sessionId,
    tenant: principal.tenant,
    json: JSON.stringify(fields),
  }
}

/** The record that `packRecord` packed. Whole records, as earlier versions wrote them, are taken as they are. */
export function unpackRecord(packed: unknown): RequestRecord {
  return Array.isArray(packed) ? unpackFields(packed as unknown as PackedFields) : (packed as RequestRecord)
}

function unpackFields(fields: PackedFields): RequestRecord {
  const [, requestId, startedAt, engineVersion, revision, configHash, operation, role, keyId, tenant, sessionId] = fields
  const [status, errorCode, totalMs, firstTokenMs, overheadUs, requestBytes, committedEarly] = fields.slice(11) as Middle
  const [servedModel, finish, finishRaw, usage, decision, attempts, diagnostics, skipped, clientRetry] = fields.slice(18) as Rest
  const { inputs } = decision
  return {
    schema: 'switchback.record/v1',
    request_id: requestId,
    started_at: startedAt,
    engine_version: engineVersion,
    revision,
    config_hash: configHash,
    operation,
    client_format: inputs.client_format,
    requested_model: inputs.model,
    session_id: sessionId ?? undefined,
    tenant: tenant ?? undefined,
    api_key_id: keyId ?? undefined,
    role,
    streamed: inputs.stream,
    decision,
    attempts,
    skipped: skipped.length === 0 ? undefined : skipped,
    diagnostics,
    status,
    error_code: errorCode ?? undefined,
    served: attempts.findLast((attempt) => attempt.outcome !== 'failed')?.target_id,
    served_model: servedModel ?? undefined,
    finish: finish ?? undefined,
    finish_raw: finishRaw ?? undefined,
    usage: usage ?? undefined,
    timings: { total_ms: totalMs, first_token_ms: firstTokenMs ?? undefined, overhead_us: overheadUs },
    request_bytes: requestBytes,
    committed_early: committedEarly ? true : undefined,
    client_retry: clientRetry ?? undefined,
  }
}

type From<Fields extends readonly unknown[], Skipped extends unknown[]> = Fields extends readonly [...Skipped, ...infer Remaining]
  ? Remaining
  : never
type Eleven = [unknown, unknown, unknown, unknown, unknown, unknown, unknown, unknown, unknown, unknown, unknown]
type Middle = From<PackedFields, Eleven>
type Rest = From<Middle, [unknown, unknown, unknown, unknown, unknown, unknown, unknown]>

/** The upstream's own words stay out of records. */
const withoutRaw = (usage: Usage | undefined): RequestRecord['usage'] | Absent =>
  usage === undefined ? null : ({ ...usage, raw: undefined } as RequestRecord['usage'])

/** Paths hold names that clients chose: neither their number nor their length may fill the store. */
const MOST_DIAGNOSTICS = 200
const LONGEST_PATH = 256

const bounded = (diagnostics: readonly Diagnostic[]): readonly Diagnostic[] =>
  diagnostics.length === 0
    ? diagnostics
    : diagnostics
        .slice(0, MOST_DIAGNOSTICS)
        .map((diagnostic) =>
          diagnostic.path.length <= LONGEST_PATH
            ? diagnostic
            : { ...diagnostic, path: `${diagnostic.path.slice(0, LONGEST_PATH)}…` },
        )

const round = (milliseconds: number): number => Math.round(milliseconds * 1000) / 1000
