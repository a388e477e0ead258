import type { AttemptId } from '../../ir/ids.ts'
import type { Adjustment, LedgerEntry, LedgerParty, Settlement } from '../../ir/settlement.ts'
import type { Measures } from './measures.ts'

/** What reports group by. */
export const GROUPINGS = ['provider', 'model', 'account', 'tenant', 'project', 'owner', 'key', 'session'] as const
export type Grouping = (typeof GROUPINGS)[number]

export type LedgerFilter = Readonly<Partial<Record<Grouping, string>>>

/** Of what a report is wanted. Times are Unix milliseconds; entries count at the time they were settled. */
export interface RollupQuery {
  /** Whole hours: both ends are rounded down. */
  readonly since: number
  readonly until: number
  readonly groupBy: readonly Grouping[]
  /** A time series; days are those of UTC. Not together with the session, whose sums have no hours. */
  readonly interval?: 'hour' | 'day' | undefined
  readonly filter: LedgerFilter
}

export interface RollupRow {
  /** Start of the hour or day; absent without an interval. */
  readonly start?: number | undefined
  /** Names of the group; what is not known of it is absent. */
  readonly names: LedgerFilter
  readonly sums: Measures
  /** Of sessions: when they were first and last used. */
  readonly firstAt?: number | undefined
  readonly lastAt?: number | undefined
}

/** Unix milliseconds, the end excluded. */
export interface TimeRange {
  readonly since: number
  readonly until: number
}

/** Unix milliseconds: entries and rollups that are older are deleted; undefined deletes none. */
export interface PruneBefore {
  readonly entries?: number | undefined
  readonly rollups?: number | undefined
}

export interface EntryFilter extends LedgerFilter {
  readonly since?: number | undefined
  readonly until?: number | undefined
  /** Only entries of this request. */
  readonly request?: string | undefined
  /** At most 1000; 100 when absent. */
  readonly limit?: number | undefined
  /** `next` of the page before. */
  readonly cursor?: string | undefined
}

export interface EntryPage {
  /** Newest first, in the order in which they were written. */
  readonly entries: readonly LedgerEntry[]
  /** Cursor of the next page; absent at the end. */
  readonly next?: string | undefined
}

/** A settlement or late settlement, and the corrections made to it so far. */
export interface SettledAttempt {
  readonly attempt: AttemptId
  readonly settlement: Omit<Settlement, 'kind' | 'id'>
  readonly adjustments: readonly Adjustment[]
}

export interface WriteOutcome {
  /** Entries that are new. */
  readonly written: number
  /** Entries whose id, or whose attempt's settlement, was there already. */
  readonly duplicates: number
}

/** Sums of the same time range taken from the entries and from the rollups. They differ only when the store is damaged. */
export interface LedgerProof {
  readonly entries: Measures
  readonly rollups: Measures
}

/**
 * The durable ledger. Append-only: nothing changes an entry, and only pruning deletes some. Every call may be slow or fail; the caller
 * keeps what could not be written. A shared database implements the same.
 */
export interface LedgerStore {
  /**
   * Writes entries and their rollups, all or none, and resolves when they are as durable as the store makes anything. An id that is there
   * already is left as it is. A settlement of an attempt that was written down as lost becomes a late one.
   */
  write(entries: readonly LedgerEntry[]): Promise<WriteOutcome>
  /** Sums by group. Reads in bounded pieces, so that serving goes on. Throws `invalid_body` when the groups are too many. */
  rollups(query: RollupQuery): Promise<readonly RollupRow[]>
  entries(filter: EntryFilter): Promise<EntryPage>
  /** Settlements in the order in which they were written, for going through any number of them. */
  settled(filter: Omit<EntryFilter, 'limit' | 'cursor'>): AsyncIterable<SettledAttempt>
  /** Adds up a time range in both ways. */
  prove(range: TimeRange): Promise<LedgerProof>
  /** Deletes what is older, in bounded batches; of rollups whole days. Resolves with how many entries and rollups. */
  prune(before: PruneBefore): Promise<number>
  close(): Promise<void>
}

/** Every name a party can be grouped by, in the order of the columns. */
export const PARTY_NAMES = [
  'provider',
  'model',
  'account',
  'tenant',
  'project',
  'owner',
  'key',
] as const satisfies readonly (keyof LedgerParty)[]

/** An entry on its way into the ledger. It may be made when it is first read. */
export interface PendingEntry {
  readonly entry: LedgerEntry
}

/** How safely entries are kept. The worst that holds is told: `post_commit_failed` > `degraded` > `durable` > `memory_only`. */
export type DurabilityStatus = 'memory_only' | 'durable' | 'degraded' | 'post_commit_failed'

/** What became of the entries of this process. Counts are of entries. */
export interface LedgerDurability {
  readonly status: DurabilityStatus
  /** Answers wait until what they cost is kept. */
  readonly required: boolean
  /** False when the ledger is in memory. */
  readonly store_configured: boolean
  readonly persisted_writes: number
  readonly memory_writes: number
  /** Entries that were there already. */
  readonly duplicate_ignored_writes: number
  /** Entries the store could not take when they came. */
  readonly failed_writes: number
  /** Of those, kept in the local file. */
  readonly spooled_writes: number
  /** Of those, written to the store since. */
  readonly recovered_writes: number
  /** Entries that are gone: neither store nor file could take them, and memory was full. */
  readonly dropped_writes: number
  /** Answers that were delivered although `required`, and what they cost could not be kept. */
  readonly post_commit_failed_writes: number
  /** Entries in memory now. */
  readonly waiting: number
  /** Entries in the local file now, and its size. */
  readonly spooled: number
  readonly spool_bytes: number
  readonly last_outcome?: 'persisted' | 'spooled' | 'failed' | undefined
  readonly last_error?: string | undefined
  /** Unix milliseconds. */
  readonly last_error_at?: number | undefined
  readonly last_id?: string | undefined
}

/** The ledger as those see it who write to it: nothing here waits for a disk unless `durable` is asked. */
export interface Ledger {
  /** Never blocks and never throws. Written soon after (at most 250 ms), kept in a local file while the store cannot take it. */
  append(entry: PendingEntry): void
  /**
   * Resolves when what was appended so far is in the store or in the local file. Rejects with `usage_persistence_failed` when neither
   * could take it.
   */
  durable(): Promise<void>
  readonly required: boolean
  /** Whether anything can be kept at present. */
  readonly isKeeping: boolean
  /** An answer had gone out before its cost could be kept. */
  postCommitFailed(): void
  durability(): LedgerDurability
}
