import type { BudgetRule, LimitRule } from '../../ir/limits.ts'
import type { Actual, Claim } from '../../state/limits/store.ts'
import type { RuleSet, WeighedRule } from './caller-rules.ts'
import type { Meter, Meters } from './meters.ts'

interface GroupParts {
  readonly budgets: readonly BudgetRule[]
  /** Of which one is taken each: requests and places. */
  readonly ones: readonly LimitRule[]
  readonly tokens: readonly WeighedRule[]
  readonly needsPrice: boolean
  readonly needsMeter: boolean
}

/** Rules that are asked together, before a call or before an attempt, made ready so that asking works nothing out. */
export class RuleGroup {
  /** In the order of their claims. */
  readonly rules: readonly LimitRule[]
  readonly budgets: readonly BudgetRule[]
  readonly tokens: readonly WeighedRule[]
  /** As of `RuleSet`: somebody has a budget and says so. */
  readonly needsPrice: boolean
  readonly needsMeter: boolean
  private readonly meters: readonly Meter[]
  private readonly firstToken: number

  constructor({ budgets, ones, tokens, needsPrice, needsMeter }: GroupParts, meters: Meters) {
    this.budgets = budgets
    this.tokens = tokens
    this.needsPrice = needsPrice
    this.needsMeter = needsMeter
    this.rules = [...budgets, ...ones, ...tokens.map(({ rule }) => rule)]
    this.meters = this.rules.map((rule) => meters.of(rule))
    this.firstToken = budgets.length + ones.length
  }

  get isEmpty(): boolean {
    return this.rules.length === 0
  }

  /** What to ask a store for. Of money, `nanos`, but never more than a budget, which would refuse it for ever. */
  claims(wall: number, nanos: number, tokensOf: (weighed: WeighedRule) => number): Claim[] {
    const { budgets, tokens, firstToken } = this
    return this.meters.map((meter, index) => {
      if (index < budgets.length) return meter.claim(Math.min(nanos, Math.max(1, budgets[index]!.limit)), wall)
      return meter.claim(index < firstToken ? 1 : tokensOf(tokens[index - firstToken]!), wall)
    })
  }

  /** What it came to: money by each budget, and tokens where they are known. */
  actual(nanos: number, tokensOf: (weighed: WeighedRule) => number | undefined): Actual {
    const actual: Record<string, number> = {}
    for (const { counter } of this.budgets) actual[counter] = nanos
    for (const weighed of this.tokens) {
      const used = tokensOf(weighed)
      if (used !== undefined) actual[weighed.rule.counter] = used
    }
    return actual
  }
}

/** Places of all calls together: the only limit that is worth waiting for. */
export const isForAll = ({ scope, measure }: LimitRule): boolean => scope === 'global' && measure === 'concurrency'

/** The rules of a caller by when they are asked. */
export class CallerGroups {
  readonly rules: RuleSet
  readonly admission: RuleGroup
  /** Whether it may have to wait for one of the places of all calls together. */
  readonly mayWait: boolean
  private readonly meters: Meters
  /** By the rules of the place, which live as long as its configuration. */
  private readonly attempts = new WeakMap<RuleSet, RuleGroup>()

  constructor(rules: RuleSet, meters: Meters) {
    this.rules = rules
    this.meters = meters
    const { places, requests, tokens } = rules
    const parts = { budgets: [], ones: [...places, ...requests], tokens, needsPrice: false, needsMeter: false }
    this.admission = new RuleGroup(parts, meters)
    this.mayWait = places.some(isForAll)
  }

  /** The caller's budgets, and everything that limits the place. */
  attemptAt(place: RuleSet): RuleGroup {
    let group = this.attempts.get(place)
    if (group === undefined) {
      const { budgets, requests, places, tokens } = place
      const { rules, meters } = this
      const parts = {
        budgets: [...rules.budgets, ...budgets],
        ones: [...requests, ...places],
        tokens,
        needsPrice: rules.needsPrice || place.needsPrice,
        needsMeter: rules.needsMeter || place.needsMeter,
      }
      this.attempts.set(place, (group = new RuleGroup(parts, meters)))
    }
    return group
  }
}
