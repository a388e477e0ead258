import type { RequestRecord } from '../../ir/record.ts'
import type { RecordSummary } from './store.ts'

/** The line of a list that stands for a record. */
export function summarise(record: RequestRecord): RecordSummary {
  return {
    request_id: record.request_id,
    started_at: record.started_at,
    operation: record.operation,
    client_format: record.client_format,
    requested_model: record.requested_model,
    route: record.decision.route,
    selected: record.decision.selected?.target_id,
    served: record.served,
    status: record.status,
    error_code: record.error_code,
    streamed: record.streamed,
    session_id: record.session_id,
    tenant: record.tenant,
    api_key_id: record.api_key_id,
    owner: record.owner,
    attempts: record.attempts.length,
    total_ms: record.timings.total_ms,
    input_tokens: record.usage?.inputTokens,
    output_tokens: record.usage?.outputTokens,
  }
}
