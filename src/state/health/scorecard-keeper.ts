import type { Clock } from '../../lib/clock.ts'
import type { TargetId } from '../../ir/ids.ts'
import type { HealthStore, SavedScorecard } from './store.ts'

/** How often changes are saved; the reference's. */
const FLUSH_MS = 30_000
/** Most scorecards that wait while they cannot be saved; of more, the ones that wait longest are lost. */
const MAX_WAITING = 4_096

/** Where scorecards outlive the process. */
export interface ScorecardFile {
  /** What was saved and may still count; unchecked. */
  load(): readonly unknown[]
  /** Replaces the rows of these targets. Throws when it cannot. */
  save(rows: readonly SavedScorecard[]): void
  close(): void
}

export interface ScorecardKeeperOptions {
  readonly health: Pick<HealthStore, 'changedScorecards' | 'loadScorecards'>
  readonly file: ScorecardFile
  readonly clock: Pick<Clock, 'every'>
  /** Told once at the start of an outage of the file. */
  readonly warn: (message: string, facts: Readonly<Record<string, unknown>>) => void
}

/**
 * Brings saved scorecards back, and saves changes every 30 s and when it is closed. A file that cannot be written never disturbs the
 * gateway: changes wait, and are saved when it can be written again.
 */
export function keepScorecards({ health, file, clock, warn }: ScorecardKeeperOptions): { close(): void } {
  health.loadScorecards(file.load())
  const waiting = new Map<TargetId, SavedScorecard>()
  let isDown = false
  const flush = (): void => {
    for (const row of health.changedScorecards()) {
      waiting.delete(row.target)
      waiting.set(row.target, row)
    }
    for (const target of waiting.keys()) {
      if (waiting.size <= MAX_WAITING) break
      waiting.delete(target)
    }
    if (waiting.size === 0) return
    try {
      file.save([...waiting.values()])
      waiting.clear()
      isDown = false
    } catch (error) {
      if (!isDown) warn('scorecards cannot be saved; they will be when the file can be written', { reason: String(error) })
      isDown = true
    }
  }
  const stop = clock.every(FLUSH_MS, flush)
  return {
    close() {
      stop()
      flush()
      file.close()
    },
  }
}
