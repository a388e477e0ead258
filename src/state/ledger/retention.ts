import type { Clock } from '../../lib/clock.ts'
import type { StoreWarning } from '../records/store.ts'
import type { LedgerStore } from './store.ts'

/** How often old rows are looked for. */
const EVERY_MS = 10 * 60_000

export interface LedgerRetentionOptions {
  readonly store: Pick<LedgerStore, 'prune'>
  readonly clock: Clock
  /** Ages in milliseconds; undefined keeps for ever. */
  readonly keepEntriesMs: number | undefined
  readonly keepRollupsMs: number | undefined
  readonly warn: StoreWarning
}

/** Deletes old entries and sums every ten minutes until the returned function is called. */
export function startLedgerRetention(options: LedgerRetentionOptions): () => void {
  const { store, clock, keepEntriesMs, keepRollupsMs, warn } = options
  if (keepEntriesMs === undefined && keepRollupsMs === undefined) return () => undefined
  let running = false
  return clock.every(EVERY_MS, () => {
    if (running) return
    running = true
    const now = clock.wall()
    store
      .prune({
        entries: keepEntriesMs === undefined ? undefined : now - keepEntriesMs,
        rollups: keepRollupsMs === undefined ? undefined : now - keepRollupsMs,
      })
      .catch((error: unknown) => warn('old entries of the ledger could not be deleted', { error }))
      .finally(() => {
        running = false
      })
  })
}
