import type { Clock } from '../../lib/clock.ts'
import type { TargetId } from '../../ir/ids.ts'
import type { ScorecardSettings } from '../../ir/resilience.ts'
import type { HealthStore, SavedScorecard } from './store.ts'

/** Most scorecards that wait while they cannot be saved; of more, the ones that wait longest are lost. */
const MAX_WAITING = 4_096

/** Longest interval a timer takes, in ms; longer ones would fire all the time. */
const MAX_INTERVAL_MS = 2_147_483_647

/** Where scorecards outlive the process: a file that answers at once, or a database that answers later. */
export interface ScorecardFile {
  /** What was saved and may still count; unchecked. */
  load(): readonly unknown[] | Promise<readonly unknown[]>
  /** Replaces the rows of these targets, and drops those saved at `staleAt` (Unix ms) or before. Throws, or rejects, when it cannot. */
  save(rows: readonly SavedScorecard[], staleAt: number): void | Promise<void>
  close(): void
}

/** How scorecards are kept, in ms: how often changes are saved, and the age from which they no longer count. */
export type ScorecardKeeping = Pick<ScorecardSettings, 'flushMs' | 'staleHydrateMs'>

export interface ScorecardKeeper {
  /** Resolves when what was saved has been loaded, or could not be. */
  readonly loaded: Promise<void>
  /** Takes new settings; what waits is kept. */
  configure(keeping: ScorecardKeeping): void
  /** Saves what waits and closes the file. */
  close(): Promise<void>
}

export interface ScorecardKeeperOptions {
  readonly health: Pick<HealthStore, 'changedScorecards' | 'loadScorecards'>
  readonly file: ScorecardFile
  readonly clock: Pick<Clock, 'every' | 'wall'>
  readonly keeping: ScorecardKeeping
  /** Told once at the start of an outage of the file. */
  readonly warn: (message: string, facts: Readonly<Record<string, unknown>>) => void
}

/**
 * Brings saved scorecards back, and saves changes every `flushMs` and when it is closed. A file that cannot be written never disturbs the
 * gateway: changes wait, and are saved when it can be written again.
 */
export function keepScorecards({ health, file, clock, warn, keeping }: ScorecardKeeperOptions): ScorecardKeeper {
  const found = file.load()
  const loaded = found instanceof Promise ? found.then((rows) => health.loadScorecards(rows)) : Promise.resolve()
  if (!(found instanceof Promise)) health.loadScorecards(found)
  const waiting = new Map<TargetId, SavedScorecard>()
  let isDown = false
  let saving: Promise<void> | undefined
  let { flushMs, staleHydrateMs } = keeping
  const saved = (rows: readonly SavedScorecard[]): void => {
    for (const row of rows) if (waiting.get(row.target) === row) waiting.delete(row.target)
    isDown = false
  }
  const failed = (error: unknown): void => {
    if (!isDown) warn('scorecards cannot be saved; they will be when the file can be written', { reason: String(error) })
    isDown = true
  }
  const flush = (): void => {
    for (const row of health.changedScorecards()) {
      waiting.delete(row.target)
      waiting.set(row.target, row)
    }
    for (const target of waiting.keys()) {
      if (waiting.size <= MAX_WAITING) break
      waiting.delete(target)
    }
    if (waiting.size === 0 || saving !== undefined) return
    const rows = [...waiting.values()]
    try {
      const pending = file.save(rows, clock.wall() - staleHydrateMs)
      if (!(pending instanceof Promise)) return saved(rows)
      saving = pending
        .then(() => saved(rows), failed)
        .finally(() => {
          saving = undefined
        })
    } catch (error) {
      failed(error)
    }
  }
  const start = (): (() => void) => clock.every(Math.min(flushMs, MAX_INTERVAL_MS), flush)
  let stop = start()
  return {
    loaded,
    configure(next) {
      staleHydrateMs = next.staleHydrateMs
      if (next.flushMs === flushMs) return
      flushMs = next.flushMs
      stop()
      stop = start()
    },
    async close() {
      stop()
      // A file is done at once, before anybody else opens it.
      if (saving !== undefined) await saving
      flush()
      if (saving !== undefined) await saving
      file.close()
    },
  }
}
