import type { Clock } from '../../lib/clock.ts'
import type { RecordStore, StoreWarning } from './store.ts'

/** How often old records are looked for. */
const EVERY_MS = 10 * 60_000

export interface RetentionOptions {
  readonly store: Pick<RecordStore, 'prune'>
  readonly clock: Clock
  /** Age at which a record is deleted, in milliseconds; undefined keeps them. Asked each time. */
  readonly keepMs: () => number | undefined
  readonly warn: StoreWarning
  /** What is deleted, for warnings. */
  readonly what?: string | undefined
}

/** Deletes old records every ten minutes until the returned function is called. */
export function startRetention(options: RetentionOptions): () => void {
  const { store, clock, keepMs, warn, what = 'request records' } = options
  let running = false
  return clock.every(EVERY_MS, () => {
    const age = keepMs()
    if (running || age === undefined) return
    running = true
    store
      .prune(clock.wall() - age)
      .catch((error: unknown) => warn(`old ${what} could not be deleted`, { error }))
      .finally(() => {
        running = false
      })
  })
}
