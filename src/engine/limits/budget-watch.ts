import type { BudgetRule } from '../../ir/limits.ts'
import type { RuleStanding } from './limiter.ts'

/** A budget has passed one of its thresholds, or is spent. */
export interface BudgetCrossing {
  readonly rule: BudgetRule
  /** The threshold as a share; 1 is the budget itself. */
  readonly share: number
  /** Spent, in nano-dollars. */
  readonly spent: number
  /** Unix milliseconds at which the budget begins anew; undefined when it never does. */
  readonly resetAt: number | undefined
}

/** Tells each threshold of a budget once a period. */
export class BudgetWatch {
  private readonly crossed: ((crossing: BudgetCrossing) => void) | undefined
  /** By counter: the period, by its end, and the highest share that was told. Bounded by the configuration. */
  private readonly told = new Map<string, { readonly resetAt: number | undefined; readonly share: number }>()

  constructor(crossed: ((crossing: BudgetCrossing) => void) | undefined) {
    this.crossed = crossed
  }

  note({ rule, used, held, resetAt }: RuleStanding): void {
    if (this.crossed === undefined || rule.measure !== 'usd') return
    const spent = used - held
    const share = [...rule.soft, 1].findLast((threshold) => spent >= threshold * rule.limit)
    if (share === undefined) return
    const known = this.told.get(rule.counter)
    if (known !== undefined && known.resetAt === resetAt && known.share >= share) return
    this.told.set(rule.counter, { resetAt, share })
    this.crossed({ rule, share, spent, resetAt })
  }
}
