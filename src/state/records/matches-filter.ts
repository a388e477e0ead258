import type { RequestRecord } from '../../ir/record.ts'
import type { RecordFilter } from './store.ts'

/** Whether a record passes a filter; limit and cursor aside. */
export function matchesFilter(record: RequestRecord, filter: RecordFilter): boolean {
  if (filter.model !== undefined && record.requested_model !== filter.model) return false
  if (filter.status !== undefined && record.status !== filter.status) return false
  if (filter.sessionId !== undefined && record.session_id !== filter.sessionId) return false
  if (filter.tenant !== undefined && record.tenant !== filter.tenant) return false
  if (filter.apiKeyId !== undefined && record.api_key_id !== filter.apiKeyId) return false
  if (filter.owner !== undefined && record.owner !== filter.owner) return false
  return filter.sinceMs === undefined || record.started_at >= filter.sinceMs
}
