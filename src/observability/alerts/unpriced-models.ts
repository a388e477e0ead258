import type { Clock } from '../../lib/clock.ts'
import type { SettledCostListener } from '../settled-cost.ts'

/** Targets remembered at a time; clients choose models where a provider takes any. */
const MOST_KEPT = 50

/** Targets whose price was not known when they were used. */
export class UnpricedModels {
  private readonly clock: Pick<Clock, 'now'>
  private readonly quietMs: number
  private readonly seen = new Map<string, number>()

  constructor(clock: Pick<Clock, 'now'>, quietMs: number) {
    this.clock = clock
    this.quietMs = quietMs
  }

  readonly note: SettledCostListener = ({ targetId, nanos }) => {
    if (nanos !== undefined || (this.seen.size >= MOST_KEPT && !this.seen.has(targetId))) return
    this.seen.set(targetId, this.clock.now())
  }

  /** Those that were used lately. */
  read(): readonly string[] {
    const oldest = this.clock.now() - this.quietMs
    for (const [target, at] of this.seen) if (at < oldest) this.seen.delete(target)
    return [...this.seen.keys()]
  }
}
