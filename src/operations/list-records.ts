import { listLimit } from '../state/records/filter-limits.ts'
import type { RecordFilter, RecordSummary } from '../state/records/store.ts'
import type { RecordSource } from './record-source.ts'

export type { RecordFilter } from '../state/records/store.ts'

export interface RecordList {
  readonly count: number
  /** Newest first. */
  readonly summaries: readonly RecordSummary[]
  /** Cursor of the next page; undefined when this page is not full. */
  readonly next_before: string | undefined
}

/** A page of request records, newest first. */
export async function listRecords(source: Pick<RecordSource, 'list'>, filter: RecordFilter = {}): Promise<RecordList> {
  const summaries = await source.list(filter)
  const full = summaries.length > 0 && summaries.length === listLimit(filter.limit)
  return { count: summaries.length, summaries, next_before: full ? summaries.at(-1)?.request_id : undefined }
}
