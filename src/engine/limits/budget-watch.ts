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

/** A budget and what of it is spent or held, in nano-dollars. */
export interface BudgetStanding {
  rule: BudgetRule
  used: number
  /** Unix milliseconds at which it begins anew; undefined when it never does. */
  resetAt: number | undefined
}

const MOST_REMEMBERED = 1_000

/** Tells each threshold of a budget once a period. */
export class BudgetWatch {
  private readonly crossed: ((crossing: BudgetCrossing) => void) | undefined
  /** By counter: the period, by its end, and the highest share that was told. Bounded by what has a budget. */
  private readonly told = new Map<string, { readonly resetAt: number | undefined; readonly share: number }>()
  /** How budgets stood when they were last charged, the latest last. Issued keys may be many. */
  private readonly latest = new Map<string, BudgetStanding>()

  constructor(crossed: ((crossing: BudgetCrossing) => void) | undefined) {
    this.crossed = crossed
  }

  note({ rule, used, held, resetAt }: RuleStanding): void {
    if (rule.measure !== 'usd') return
    this.remember(rule, used, resetAt)
    const spent = used - held
    if (this.crossed === undefined || spent < Math.min(1, rule.soft[0] ?? 1) * rule.limit) return
    const share = [...rule.soft, 1].findLast((threshold) => spent >= threshold * rule.limit)
    if (share === undefined) return
    const known = this.told.get(rule.counter)
    if (known !== undefined && known.resetAt === resetAt && known.share >= share) return
    this.told.set(rule.counter, { resetAt, share })
    this.crossed({ rule, share, spent, resetAt })
  }

  /** Budgets that were charged in the period that runs, as they stood then. `now` is Unix milliseconds. */
  standings(now: number): readonly Readonly<BudgetStanding>[] {
    return [...this.latest.values()].filter(({ resetAt }) => resetAt === undefined || resetAt > now)
  }

  private remember(rule: BudgetRule, used: number, resetAt: number | undefined): void {
    const { counter } = rule
    const known = this.latest.get(counter)
    // Which was charged last only matters where one has to go soon.
    if (known !== undefined && this.latest.size < MOST_REMEMBERED / 2) {
      known.rule = rule
      known.used = used
      known.resetAt = resetAt
      return
    }
    this.latest.delete(counter)
    this.latest.set(counter, { rule, used, resetAt })
    if (this.latest.size <= MOST_REMEMBERED) return
    for (const oldest of this.latest.keys()) {
      this.latest.delete(oldest)
      return
    }
  }
}
