import { MEASURES } from '../ledger/measures.ts'

/** What a column holds. `bytes` are base64 in an archive. */
export type ColumnKind = 'text' | 'integer' | 'real' | 'bytes'

const SUMS = Object.fromEntries(MEASURES.map((name) => [name, 'integer'] as const))

/** A table whose rows an archive holds as they are. */
export interface ArchivePart {
  /** Name in archives, and of the table. */
  readonly name: string
  /** Part of the schema it belongs to. */
  readonly domain: string
  readonly columns: Readonly<Record<string, ColumnKind>>
  /** Columns that say in which order the rows were written. */
  readonly order: readonly string[]
  /** The column whose numbers a database gives out itself, and must go on from. */
  readonly numbered?: string | undefined
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

/** Entries of the ledger stand for themselves too, however a store keeps them. */
export const LEDGER_ENTRIES: ArchivePart = {
  name: 'ledger_entries',
  domain: 'ledger',
  columns: { id: 'text', kind: 'text', at: 'integer', party: 'integer', session: 'text', details: 'text' },
  order: ['sequence'],
}

/** The operator's prices. Beside an SQLite file they are in a file of their own. */
export const PRICES: ArchivePart = {
  name: 'prices',
  domain: 'prices',
  columns: { name: 'text', document: 'text' },
  order: ['name'],
}

/** What certifying targets came to. Beside an SQLite file they are in a file of their own, too. */
export const CERTIFICATIONS: ArchivePart = {
  name: 'certifications',
  domain: 'certifications',
  columns: { target: 'text', body: 'text' },
  order: ['target'],
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
    name: 'tenancy',
    domain: 'tenancy',
    columns: { kind: 'text', id: 'text', tenant: 'text', owner: 'text', version: 'integer', body: 'text' },
    order: ['kind', 'id'],
  },
  {
    name: 'rotated_keys',
    domain: 'rotated_keys',
    columns: { provider: 'text', account: 'text', sealed: 'text', at: 'integer' },
    order: ['provider', 'account'],
  },
  {
    name: 'config_revisions',
    domain: 'revisions',
    columns: {
      revision: 'integer',
      digest: 'text',
      source: 'text',
      version: 'text',
      whole: 'integer',
      first_at: 'integer',
      last_at: 'integer',
      document: 'text',
      policy_files: 'text',
    },
    order: ['revision'],
    numbered: 'revision',
  },
  {
    name: 'config_publications',
    domain: 'revisions',
    columns: { sequence: 'integer', published: 'integer', at: 'integer', ordered_by: 'text', note: 'text' },
    order: ['sequence'],
    numbered: 'sequence',
  },
  {
    name: 'audit',
    domain: 'audit',
    columns: {
      at: 'integer',
      action: 'text',
      actor: 'text',
      actor_tenant: 'text',
      subject: 'text',
      subject_tenant: 'text',
      body: 'text',
    },
    order: ['sequence'],
  },
  {
    name: 'scorecards',
    domain: 'health',
    columns: { target: 'text', saved_at: 'integer', samples: 'real', successes: 'real', truncated: 'real', demoted: 'text' },
    order: ['target'],
  },
  {
    name: 'ledger_parties',
    domain: 'ledger',
    columns: {
      party: 'integer',
      names: 'text',
      provider: 'text',
      model: 'text',
      account: 'text',
      tenant: 'text',
      project: 'text',
      owner: 'text',
      key: 'text',
      used_hour: 'integer',
    },
    order: ['party'],
    numbered: 'party',
  },
  LEDGER_ENTRIES,
  {
    name: 'ledger_rollups',
    domain: 'ledger',
    columns: { hours: 'integer', start: 'integer', party: 'integer', ...SUMS },
    order: ['hours', 'start', 'party'],
  },
  {
    name: 'ledger_sessions',
    domain: 'ledger',
    columns: { session: 'text', party: 'integer', first_at: 'integer', last_at: 'integer', last_hour: 'integer', ...SUMS },
    order: ['session', 'party'],
  },
  RECORD_BATCHES,
  PRICES,
  CERTIFICATIONS,
]
