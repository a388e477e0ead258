import type { LimitRule } from '../../ir/limits.ts'
import type { RefusedClaim } from '../../state/limits/store.ts'

/** What a rule is asked for. */
export interface Demand {
  readonly rule: LimitRule
  readonly amount: number
}

/** The demands that were refused, with why. */
export const refusedDemands = (
  demands: readonly Demand[],
  refused: readonly RefusedClaim[],
): (Demand & { readonly claim: RefusedClaim })[] => refused.map((claim) => ({ ...demands[claim.index]!, claim }))
