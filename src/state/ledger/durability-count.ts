import type { LedgerDurability } from './store.ts'

/** Counts what becomes of entries. */
export class DurabilityCount {
  persisted = 0
  inMemory = 0
  duplicates = 0
  failed = 0
  spooled = 0
  recovered = 0
  dropped = 0
  postCommitFailed = 0
  lastOutcome: LedgerDurability['last_outcome'] = undefined
  lastError: string | undefined = undefined
  lastErrorAt: number | undefined = undefined
  lastId: string | undefined = undefined

  failure(error: unknown, at: number): void {
    this.lastError = error instanceof Error ? error.message : String(error)
    this.lastErrorAt = at
  }

  /** `now` is what holds at this moment, which nobody counts. */
  view(
    now: Pick<LedgerDurability, 'required' | 'store_configured' | 'waiting' | 'spooled' | 'spool_bytes'> & { isFailing: boolean },
  ): LedgerDurability {
    const { isFailing: _isFailing, ...rest } = now
    return {
      status: this.#status(now),
      ...rest,
      persisted_writes: this.persisted,
      memory_writes: this.inMemory,
      duplicate_ignored_writes: this.duplicates,
      failed_writes: this.failed,
      spooled_writes: this.spooled,
      recovered_writes: this.recovered,
      dropped_writes: this.dropped,
      post_commit_failed_writes: this.postCommitFailed,
      last_outcome: this.lastOutcome,
      last_error: this.lastError,
      last_error_at: this.lastErrorAt,
      last_id: this.lastId,
    }
  }

  #status(now: { isFailing: boolean; spool_bytes: number; store_configured: boolean }): LedgerDurability['status'] {
    if (this.postCommitFailed > 0) return 'post_commit_failed'
    if (now.isFailing || now.spool_bytes > 0 || this.dropped > 0) return 'degraded'
    return now.store_configured ? 'durable' : 'memory_only'
  }
}
