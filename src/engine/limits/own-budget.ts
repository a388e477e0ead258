import { costOf } from '../../catalog/prices/cost-of.ts'
import type { BudgetRule } from '../../ir/limits.ts'
import { limitRefusal, worstRefusal } from './limit-refusal.ts'
import type { OwnBudget, OwnCallPlace } from './limiter.ts'
import type { LimiterCore } from './limiter-core.ts'

/** Budgets of calls that the gateway makes for itself, among all rules. Such calls are a few tokens each, so nothing is held for them beforehand. */
export function ownBudget(core: LimiterCore, budgetsOf: (place: OwnCallPlace) => readonly BudgetRule[]): OwnBudget {
  return {
    async refusal(place) {
      const demands = budgetsOf(place).map((rule) => ({ rule, amount: 1 }))
      if (demands.length === 0) return undefined
      const wall = core.clock.wall()
      const standings = await core.store.look(core.claims(demands, wall))
      const refused = demands.flatMap((demand, index) => {
        const standing = standings[index]
        if (standing === undefined || standing.used < demand.rule.limit) return []
        return [{ ...demand, claim: { ...standing, fitsAt: standing.resetAt } }]
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
      const demands = rules.map((rule) => ({ rule: { ...rule, limit: Number.MAX_SAFE_INTEGER }, amount: nanos }))
      await core.store.acquire(id, core.claims(demands, core.clock.wall()))
      const actual = Object.fromEntries(rules.map(({ counter }) => [counter, nanos]))
      core.settle(
        id,
        actual,
        rules.map((rule) => ({ rule, amount: nanos })),
      )
    },
  }
}
