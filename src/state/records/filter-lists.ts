import type { RecordFilter } from './store.ts'

/** What a filter asks for that a batch lists of its records: the name of the list, and what must stand in it. */
export function listedIn(filter: RecordFilter): (readonly [list: string, value: string | number])[] {
  const asked: (readonly [string, string | number | undefined])[] = [
    ['models', filter.model],
    ['statuses', filter.status],
    ['sessions', filter.sessionId],
    ['tenants', filter.tenant],
    ['keys', filter.apiKeyId],
    ['owners', filter.owner],
  ]
  return asked.flatMap(([list, value]) => (value === undefined ? [] : [[list, value] as const]))
}
