import type { LostAttempt } from '../../ir/settlement.ts'

/**
 * Attempts that hold money or places and of which the ledger does not know yet what they came to. Should their process die, the note that is kept
 * here is all that is left of them, and is written down as their loss. Noting and forgetting are beside the way of a call: they neither wait
 * nor throw.
 */
export interface OpenAttempts {
  /** An attempt has taken what it needs. The note is what stands in the ledger should nothing else ever be heard of it. */
  begun(note: LostAttempt): void
  /** What became of these attempts is kept, in the ledger or in its local file. Ids that were not noted are passed over. */
  kept(ids: Iterable<string>): void
  /**
   * Notes of processes that are gone. They are told again until they are `buried`, to several askers perhaps: the ledger takes each id once.
   * May reject.
   */
  orphans(): Promise<readonly LostAttempt[]>
  /** These orphans stand in the ledger. May reject. */
  buried(ids: readonly string[]): Promise<void>
  /** Hands on what waits, and releases everything. Notes that are left are orphans from now on. */
  close(): Promise<void>
}
