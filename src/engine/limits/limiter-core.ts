import type { ModelPrice } from '../../ir/price.ts'
import type { Target } from '../../ir/target.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Eventually } from '../../lib/eventually.ts'
import type { Actual, Claim, LimitStore, PeriodStanding } from '../../state/limits/store.ts'
import type { BudgetWatch } from './budget-watch.ts'
import type { WeighedRule } from './caller-rules.ts'
import { ClaimMaker } from './claims.ts'
import type { Demand } from './demand.ts'
import { LeaseKeeper } from './lease-keeper.ts'
import type { LimitedPlaces } from './limited-places.ts'
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
  private readonly failed: LimiterCoreOptions['failed']
  private readonly maker = new ClaimMaker()

  constructor(options: LimiterCoreOptions) {
    this.store = options.store
    this.clock = options.clock
    this.places = options.places
    this.priceOf = options.priceOf
    this.watch = options.watch
    this.failed = options.failed
    this.leases = new LeaseKeeper(options.store, options.clock)
  }

  claims(demands: readonly Demand[], wall: number): Claim[] {
    return demands.map(({ rule, amount }) => this.maker.claim(rule, amount, wall))
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
  settle(id: string, actual: Actual, budgets: readonly Demand[]): void {
    this.leases.drop(id)
    const note = (standings: readonly PeriodStanding[] | undefined): void => this.note(standings ?? [], budgets)
    const settled = this.store.settle(id, actual)
    if (settled instanceof Promise) void settled.then(note).catch(this.failed)
    else note(settled)
  }

  private note(standings: readonly PeriodStanding[], budgets: readonly Demand[]): void {
    for (const standing of standings) {
      const rule = budgets.find((demand) => demand.rule.counter === standing.counter)?.rule
      if (rule === undefined) continue
      this.watch.note({ ...standing, rule })
      this.places.note({ ...standing, rule })
    }
  }
}
