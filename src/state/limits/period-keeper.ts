import type { Clock } from '../../lib/clock.ts'
import type { MemoryLimits } from './memory.ts'
import { claimOfCharge, type PeriodCharge } from './period-charge.ts'
import type { SavedPeriod } from './store.ts'

/** As long as records may wait: what a process that is killed forgets of its spending. */
const FLUSH_MS = 250

/** A charge as the file has it. */
export interface KeptCharge extends PeriodCharge {
  readonly number: number
}

/** Where the counters of budgets outlive the process. What it is asked throws when it cannot. */
export interface PeriodFile {
  load(): readonly SavedPeriod[]
  /** What commands have spent, as long as no counter that was saved has it. */
  charges(): readonly KeptCharge[]
  /**
   * Replaces these counters, drops those whose period is over at `now` (Unix ms), and drops the charges of these numbers, which are in the
   * counters: all of it or nothing.
   */
  save(periods: readonly SavedPeriod[], now: number, counted: readonly number[]): void
  close(): void
}

export interface PeriodKeeperOptions {
  readonly limits: Pick<MemoryLimits, 'changedPeriods' | 'loadPeriods' | 'acquire' | 'settle'>
  readonly file: PeriodFile
  readonly clock: Pick<Clock, 'every' | 'wall'>
  /** Told once at the start of an outage of the file. */
  readonly warn: (message: string, facts: Readonly<Record<string, unknown>>) => void
}

/**
 * Brings back what was spent before a restart, and saves changes every 250 ms and when it is closed. What commands beside this process have
 * spent is counted as often, each charge once, however the process ends. While the file cannot be written nothing is refused for it: the
 * newest figures wait, one for each counter.
 */
export function keepPeriods({ limits, file, clock, warn }: PeriodKeeperOptions): { close(): void } {
  limits.loadPeriods(file.load())
  const waiting = new Map<string, SavedPeriod>()
  /** Charges that are in the counters here, and in the file still. */
  const counted = new Set<number>()
  let isDown = false
  const count = ({ number, ...charge }: KeptCharge): void => {
    if (counted.has(number)) return
    counted.add(number)
    if (charge.end !== undefined && charge.end <= clock.wall()) return
    const id = `charge ${number}`
    limits.acquire(id, [claimOfCharge(charge)])
    limits.settle(id, {})
  }
  const flush = (): void => {
    try {
      file.charges().forEach(count)
      for (const period of limits.changedPeriods()) waiting.set(period.counter, period)
      if (waiting.size + counted.size === 0) return
      file.save([...waiting.values()], clock.wall(), [...counted])
      waiting.clear()
      counted.clear()
      isDown = false
    } catch (error) {
      if (!isDown)
        warn('what budgets have spent cannot be saved; it will be when the file can be written', { reason: String(error) })
      isDown = true
    }
  }
  flush()
  const stop = clock.every(FLUSH_MS, flush)
  return {
    close() {
      stop()
      flush()
      file.close()
    },
  }
}
