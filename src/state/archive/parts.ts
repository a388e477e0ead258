/** What a column holds. `bytes` are base64 in an archive. */
export type ColumnKind = 'text' | 'integer' | 'real' | 'bytes'

/** A table whose rows an archive holds as they are. */
export interface ArchivePart {
  /** Name in archives, and of the table. */
  readonly name: string
  /** Part of the schema it belongs to. */
  readonly domain: string
  readonly columns: Readonly<Record<string, ColumnKind>>
  /** Columns that say in which order the rows were written. */
  readonly order: readonly string[]
}

const SUBJECT = { scope: 'text', provider: 'text', name: 'text' } as const
const TERMS = { reason: 'text', until: 'integer', ordered_by: 'text' } as const

/** Batches of records stand for themselves: what lists filter by is made out of them. */
export const RECORD_BATCHES: ArchivePart = {
  name: 'record_batches',
  domain: 'records',
  columns: { size: 'integer', records: 'bytes' },
  order: ['sequence'],
}

/** Every part of an archive, in the order in which it is written. */
export const ARCHIVE_PARTS: readonly ArchivePart[] = [
  {
    name: 'disables',
    domain: 'disables',
    columns: { ...SUBJECT, since: 'integer', ...TERMS },
    order: ['scope', 'provider', 'name'],
  },
  {
    name: 'disable_changes',
    domain: 'disables',
    columns: { at: 'integer', action: 'text', ...SUBJECT, ...TERMS },
    order: ['sequence'],
  },
  {
    name: 'scorecards',
    domain: 'health',
    columns: { target: 'text', saved_at: 'integer', samples: 'real', successes: 'real', truncated: 'real', demoted: 'text' },
    order: ['target'],
  },
  RECORD_BATCHES,
]
