import type { AttemptRecord, RequestRecord } from '../../ir/record.ts'
import { unpackDecision } from '../../routing/unpack-decision.ts'
import { USAGE_OF_RECORD, type PackedAttempt, type PackedRow } from './packed-row.ts'

/** The record that was packed. Whole records, as the first versions wrote them, are taken as they are. */
export function unpackRecord(packed: unknown): RequestRecord {
  return Array.isArray(packed) ? unpackRow(packed as unknown as PackedRow) : (packed as RequestRecord)
}

function unpackRow(row: PackedRow): RequestRecord {
  const [, requestId, startedAt, engineVersion, revision, configHash, operation, role, keyId, tenant, sessionId] = row
  const [status, errorCode, totalMs, firstTokenMs, overheadUs, requestBytes, committedEarly] = row.slice(11) as Middle
  const [servedModel, finish, finishRaw, usage, written, tried, diagnostics, skipped, clientRetry] = row.slice(18) as Rest
  const decision = isPacked(written) ? unpackDecision(requestId, written) : written
  const attempts = tried.map((attempt) => (isPacked(attempt) ? unpackAttempt(attempt, usage ?? undefined) : attempt))
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
    owner: inputs.principal?.owner,
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
type Middle = From<PackedRow, Eleven>
type Rest = From<Middle, [unknown, unknown, unknown, unknown, unknown, unknown, unknown]>

const isPacked = (value: unknown): value is readonly unknown[] => Array.isArray(value)

function unpackAttempt(packed: PackedAttempt, usageOfRecord: RequestRecord['usage']): AttemptRecord {
  const [targetId, providerId, model, accountId, format, startedMs, latencyMs, outcome, errorCode, errorCategory, ...more] =
    packed
  const [upstreamStatus, upstreamErrorType, upstreamRequestId, next, cancelledBecause, passthrough, refused, ...used] = more
  const [usage, usageKnown, egress] = used
  return {
    target_id: targetId,
    provider_id: providerId,
    model,
    account_id: accountId,
    format,
    started_ms: startedMs,
    latency_ms: latencyMs,
    outcome,
    error_code: errorCode ?? undefined,
    error_category: errorCategory ?? undefined,
    upstream_status: upstreamStatus ?? undefined,
    upstream_error_type: upstreamErrorType ?? undefined,
    upstream_request_id: upstreamRequestId ?? undefined,
    next: next ?? undefined,
    cancelled_because: cancelledBecause ?? undefined,
    passthrough,
    passthrough_refused: refused ?? undefined,
    usage: usage === USAGE_OF_RECORD ? usageOfRecord : (usage ?? undefined),
    usage_known: usageKnown ?? undefined,
    ...(egress === undefined ? {} : { egress }),
  }
}
