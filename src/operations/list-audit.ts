import type { AuditFilter, AuditStore, KeptAuditEntry } from '../state/audit/store.ts'

export type { AuditFilter, AuditStore } from '../state/audit/store.ts'

/** An entry of the audit, as JSON. */
export interface AuditEntryView {
  readonly sequence: number
  /** Unix milliseconds. */
  readonly at: number
  readonly action: string
  readonly outcome: KeptAuditEntry['outcome']
  readonly actor: KeptAuditEntry['actor']
  readonly source: { readonly via: string; readonly address?: string | undefined; readonly request_id?: string | undefined }
  readonly subject?: KeptAuditEntry['subject']
  readonly error_code?: string | undefined
  readonly details?: KeptAuditEntry['details']
  /** How often, where equal things were put together. */
  readonly times?: number | undefined
}

export interface AuditPage {
  /** Newest first. */
  readonly entries: readonly AuditEntryView[]
  /** Cursor of the next page; absent when this page is not full. */
  readonly next_before?: number | undefined
}

const PAGE = 100

/** A page of the audit, newest first. */
export async function listAudit(audit: Pick<AuditStore, 'list'>, filter: AuditFilter): Promise<AuditPage> {
  const limit = filter.limit ?? PAGE
  const entries = await audit.list({ ...filter, limit })
  return { entries: entries.map(entryView), next_before: entries.length >= limit ? entries.at(-1)?.sequence : undefined }
}

const entryView = ({ source, errorCode, ...entry }: KeptAuditEntry): AuditEntryView => ({
  sequence: entry.sequence,
  at: entry.at,
  action: entry.action,
  outcome: entry.outcome,
  actor: entry.actor,
  source: { via: source.via, address: source.address, request_id: source.requestId },
  subject: entry.subject,
  error_code: errorCode,
  details: entry.details,
  times: entry.times,
})
