import { limitRefusal } from '../../engine/limits/limit-refusal.ts'
import { Meters } from '../../engine/limits/meters.ts'
import type { BudgetRule } from '../../ir/limits.ts'
import type { Settlement } from '../../ir/settlement.ts'
import type { Clock } from '../../lib/clock.ts'
import { openCountersForCommand, type CommandCounters, type CounterPlace } from '../../state/limits/open-for-command.ts'
import type { PeriodClaim } from '../../state/limits/store.ts'

export interface ProbeBudgetsOptions {
  /** Of the gateway, the provider and the account. */
  readonly rules: readonly BudgetRule[]
  readonly place: CounterPlace
  readonly clock: Clock
}

/** Budgets that calls of a command are under, as those of a gateway are that it makes for itself. */
export class ProbeBudgets {
  private readonly options: ProbeBudgetsOptions
  private readonly meters = new Meters()

  constructor(options: ProbeBudgetsOptions) {
    this.options = options
  }

  /** Rejects with `budget_exceeded` when nothing more may be spent, and with `state_unavailable` when there are budgets and nobody can tell. */
  async requireRoom(): Promise<void> {
    const { rules, clock } = this.options
    if (rules.length === 0) return
    const wall = clock.wall()
    const standings = await this.using((counters) => counters.look(rules.map((rule) => this.claim(rule, 0, wall))))
    rules.forEach((rule, index) => {
      const standing = standings[index]
      if (standing !== undefined && standing.used >= rule.limit)
        throw limitRefusal({ rule, amount: 1, claim: { ...standing, fitsAt: standing.resetAt } }, 'budget_exceeded', wall)
    })
  }

  /** Counts what calls have cost, as far as that is known. Before they are in the ledger. Rejects with `state_unavailable`. */
  async charge(settlements: readonly Settlement[]): Promise<void> {
    const sums = new Map<string, PeriodClaim>()
    for (const rule of this.options.rules)
      for (const { nanos = 0, at } of settlements) {
        const claim = this.claim(rule, nanos, at)
        const name = `${claim.counter}\n${claim.start}`
        sums.set(name, { ...claim, amount: claim.amount + (sums.get(name)?.amount ?? 0) })
      }
    const charges = [...sums.values()].filter(({ amount }) => amount > 0)
    if (charges.length > 0) await this.using((counters) => counters.charge(charges))
  }

  /** Of dollars every claim is of a period. */
  private claim(rule: BudgetRule, nanos: number, at: number): PeriodClaim {
    return this.meters.of(rule).claim(nanos, at) as PeriodClaim
  }

  private async using<Result>(work: (counters: CommandCounters) => Promise<Result>): Promise<Result> {
    const counters = openCountersForCommand(this.options.place, this.options.clock)
    try {
      return await work(counters)
    } finally {
      await counters.close()
    }
  }
}
