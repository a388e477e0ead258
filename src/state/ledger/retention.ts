import type { Clock } from '../../lib/clock.ts'
import type { StoreWarning } from '../records/store.ts'
import type { LedgerStore } from './store.ts'

/** How often old rows are looked for. */
const EVERY_MS = 10 * 60_000

/** Ages at which entries and sums are deleted, in milliseconds; undefined keeps them. */
export interface LedgerAges {
  readonly keepEntriesMs: number | undefined
  readonly keepRollupsMs: number | undefined
}

export interface LedgerRetentionOptions {
  readonly store: Pick<LedgerStore, 'prune'>
  readonly clock: Clock
  /** Asked each time. */
  readonly ages: () => LedgerAges
  readonly warn: StoreWarning
}

/** Deletes old entries and sums every ten minutes until the returned function is called. */
export function startLedgerRetention(options: LedgerRetentionOptions): () => void {
  const { store, clock, ages, warn } = options
  let running = false
  return clock.every(EVERY_MS, () => {
    const { keepEntriesMs, keepRollupsMs } = ages()
    if (running || (keepEntriesMs ?? keepRollupsMs) === undefined) return
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
