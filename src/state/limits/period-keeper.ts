import type { Clock } from '../../lib/clock.ts'
import type { MemoryLimits } from './memory.ts'
import type { SavedPeriod } from './store.ts'

/** As long as records may wait: what a process that is killed forgets of its spending. */
const FLUSH_MS = 250

/** Where the counters of budgets outlive the process. */
export interface PeriodFile {
  load(): readonly SavedPeriod[]
  /** Replaces these counters, and drops those whose period is over at `now` (Unix ms). Throws when it cannot. */
  save(periods: readonly SavedPeriod[], now: number): void
  close(): void
}

export interface PeriodKeeperOptions {
  readonly limits: Pick<MemoryLimits, 'changedPeriods' | 'loadPeriods'>
  readonly file: PeriodFile
  readonly clock: Pick<Clock, 'every' | 'wall'>
  /** Told once at the start of an outage of the file. */
  readonly warn: (message: string, facts: Readonly<Record<string, unknown>>) => void
}

/**
 * Brings back what was spent before a restart, and saves changes every 250 ms and when it is closed. While the file cannot be written
 * nothing is refused for it: the newest figures wait, one for each counter.
 */
export function keepPeriods({ limits, file, clock, warn }: PeriodKeeperOptions): { close(): void } {
  limits.loadPeriods(file.load())
  const waiting = new Map<string, SavedPeriod>()
  let isDown = false
  const flush = (): void => {
    for (const period of limits.changedPeriods()) waiting.set(period.counter, period)
    if (waiting.size === 0) return
    try {
      file.save([...waiting.values()], clock.wall())
      waiting.clear()
      isDown = false
    } catch (error) {
      if (!isDown)
        warn('what budgets have spent cannot be saved; it will be when the file can be written', { reason: String(error) })
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
