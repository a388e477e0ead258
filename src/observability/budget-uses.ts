import type { Clock } from '../lib/clock.ts'
import type { BudgetUse } from './settled-cost.ts'

interface Seen {
  readonly use: BudgetUse
  /** Unix milliseconds at which it begins anew; undefined when it never does. */
  readonly resetAt: number | undefined
}

/** Issued keys may have budgets of their own, in any number: those that were seen last are kept. */
const MOST_KEPT = 2_000

/** How budgets stood when they were last used. One whose period is over is forgotten until it is used again. */
export class BudgetUses {
  private readonly clock: Pick<Clock, 'wall'>
  private readonly seen = new Map<string, Seen>()

  constructor(clock: Pick<Clock, 'wall'>) {
    this.clock = clock
  }

  /** `counter` tells one budget from another. */
  note(counter: string, use: BudgetUse, resetAt: number | undefined): void {
    this.seen.delete(counter)
    this.seen.set(counter, { use, resetAt })
    if (this.seen.size <= MOST_KEPT) return
    const [oldest = ''] = this.seen.keys()
    this.seen.delete(oldest)
  }

  read(): readonly BudgetUse[] {
    const now = this.clock.wall()
    for (const [counter, { resetAt }] of this.seen) if (resetAt !== undefined && resetAt <= now) this.seen.delete(counter)
    return Array.from(this.seen.values(), ({ use }) => use)
  }
}
