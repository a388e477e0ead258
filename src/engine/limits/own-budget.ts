import { costOf } from '../../catalog/prices/cost-of.ts'
import type { BudgetRule } from '../../ir/limits.ts'
import { limitRefusal, worstRefusal } from './limit-refusal.ts'
import type { OwnBudget, OwnCallPlace } from './limiter.ts'
import type { LimiterCore } from './limiter-core.ts'

/** Budgets of calls that the gateway makes for itself, among all rules. Such calls are a few tokens each, so nothing is held for them beforehand. */
export function ownBudget(core: LimiterCore, budgetsOf: (place: OwnCallPlace) => readonly BudgetRule[]): OwnBudget {
  return {
    async refusal(place) {
      const rules = budgetsOf(place)
      if (rules.length === 0) return undefined
      const wall = core.clock.wall()
      const standings = await core.store.look(rules.map((rule) => core.meters.of(rule).claim(1, wall)))
      const refused = rules.flatMap((rule, index) => {
        const standing = standings[index]
        if (standing === undefined || standing.used < rule.limit) return []
        return [{ rule, amount: 1, claim: { ...standing, fitsAt: standing.resetAt } }]
      })
      return refused.length === 0 ? undefined : limitRefusal(worstRefusal(refused, wall), 'budget_exceeded', wall)
    },
    async count(id, place, usage) {
      const rules = budgetsOf(place)
      if (rules.length === 0) return
      const price = await core.priceOf(place.target)
      const nanos = price === undefined ? undefined : costOf(usage, price)?.nanoDollars
      if (nanos === undefined) return
      // It is spent already: there is nothing to refuse.
      const wall = core.clock.wall()
      const claims = rules.map((rule) => core.meters.of({ ...rule, limit: Number.MAX_SAFE_INTEGER }).claim(nanos, wall))
      await core.store.acquire(id, claims)
      const actual = Object.fromEntries(rules.map(({ counter }) => [counter, nanos]))
      core.settle(id, actual, rules)
    },
  }
}
