import type { BudgetRule } from '../../ir/limits.ts'
import type { ModelPrice } from '../../ir/price.ts'
import type { Target } from '../../ir/target.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Eventually } from '../../lib/eventually.ts'
import type { Actual, LimitStore, PeriodStanding } from '../../state/limits/store.ts'
import type { BudgetWatch } from './budget-watch.ts'
import type { RuleSet, WeighedRule } from './caller-rules.ts'
import { LeaseKeeper } from './lease-keeper.ts'
import type { LimitedPlaces } from './limited-places.ts'
import { Meters } from './meters.ts'
import { CallerGroups } from './rule-group.ts'
import { SettledFigures } from './settled-figures.ts'

/** A usual answer, as long as nobody knows better. */
const USUAL_OUTPUT_TOKENS = 1_024

export interface LimiterCoreOptions {
  readonly store: LimitStore
  readonly clock: Clock
  readonly places: LimitedPlaces
  readonly watch: BudgetWatch
  /** What a model costs now; undefined is unknown. */
  readonly priceOf: (target: Target) => Eventually<ModelPrice | undefined>
  /** Told when something could not be counted. */
  readonly failed: (error: unknown) => void
}

/** What all calls share. */
export class LimiterCore {
  readonly store: LimitStore
  readonly clock: Clock
  readonly places: LimitedPlaces
  readonly priceOf: LimiterCoreOptions['priceOf']
  readonly leases: LeaseKeeper
  /** What attempts came to, in nano-dollars, by caller and model. */
  readonly costs = new SettledFigures()
  /** Tokens of answers, by caller. */
  readonly tokens = new SettledFigures()
  readonly watch: BudgetWatch
  readonly meters = new Meters()
  private readonly failed: LimiterCoreOptions['failed']
  /** Live as long as the rules they are made of. */
  private readonly groups = new WeakMap<RuleSet, CallerGroups>()

  constructor(options: LimiterCoreOptions) {
    this.store = options.store
    this.clock = options.clock
    this.places = options.places
    this.priceOf = options.priceOf
    this.watch = options.watch
    this.failed = options.failed
    this.leases = new LeaseKeeper(options.store, options.clock)
  }

  groupsOf(rules: RuleSet): CallerGroups {
    let groups = this.groups.get(rules)
    if (groups === undefined) this.groups.set(rules, (groups = new CallerGroups(rules, this.meters)))
    return groups
  }

  /** What a call will probably count towards a limit of tokens; never more than the limit, which would refuse it for ever. */
  estimatedTokens(
    { rule, weights }: WeighedRule,
    size: { readonly estimatedInputTokens: number; readonly maxOutputTokens: number | undefined },
    caller: string,
  ): number {
    const usual = this.tokens.percentile95(caller, '') ?? USUAL_OUTPUT_TOKENS
    const output = Math.min(size.maxOutputTokens ?? usual, usual)
    return Math.min(rule.limit, Math.ceil(size.estimatedInputTokens * weights.input + output * weights.output))
  }

  /** Nobody waits for it: what cannot be counted is told, and its lease ends. */
  settle(id: string, actual: Actual, budgets: readonly BudgetRule[]): void {
    this.leases.drop(id)
    const settled = this.store.settle(id, actual)
    if (settled instanceof Promise) void settled.then((standings) => this.note(standings, budgets)).catch(this.failed)
    else this.note(settled, budgets)
  }

  private note(standings: readonly PeriodStanding[] | undefined, budgets: readonly BudgetRule[]): void {
    if (standings === undefined || budgets.length === 0) return
    for (const { counter, used, held, resetAt } of standings) {
      const rule = budgets.find((budget) => budget.counter === counter)
      if (rule === undefined) continue
      const standing = { rule, used, held, resetAt }
      this.watch.note(standing)
      this.places.note(standing)
    }
  }
}
