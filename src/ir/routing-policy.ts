import type { TargetId } from './ids.ts'

/** Orders of candidates that read one fact or observation, or none. */
export const STRATEGY_NAMES = [
  'ordered_fallback',
  'weighted_random',
  'round_robin',
  'least_latency',
  'lowest_cost',
  'least_busy',
] as const

/** Score profiles that are always there, as strategies and as model names. */
export const PROFILE_NAMES = [
  'auto',
  'auto/cheap',
  'auto/fast',
  'auto/coding',
  'auto/private',
  'auto/large-context',
  'auto/judge',
  'auto/extract',
] as const

/** What a score is made of; each is between 0 and 1, and 1 is best. */
export const FACTOR_NAMES = [
  'selection_rank',
  'health',
  'account_availability',
  'cost',
  'latency',
  'ttft',
  'task_fit',
  'context_fit',
  'outcome_health',
] as const

export type FactorName = (typeof FACTOR_NAMES)[number]

/** Weights of factors, each at least 0; what is left out weighs nothing. */
export type ScoreWeights = { readonly [Factor in FactorName]?: number | undefined }

/** What happens to a target whose price is not known: it passes, goes behind those with a price, or is refused. */
export type UnknownPrice = 'allow' | 'penalize' | 'reject'

/** Which strategy orders the candidates, and who chose it. */
export interface StrategyChoice {
  /** One of `STRATEGY_NAMES`, or a profile. */
  readonly name: string
  /** `default` lets a hint of the client take its place where the operator allows hints. */
  readonly chosenBy: 'route' | 'server' | 'default'
  /** Weights of targets for `weighted_random`; a target without one weighs 1. */
  readonly weights?: ReadonlyMap<TargetId, number> | undefined
}

/** Tags that candidates must not, or must, carry. */
export interface LanePolicy {
  readonly deny: readonly string[]
  readonly require: readonly string[]
}

/** How a route chooses among its targets. */
export interface SelectionPolicy {
  readonly strategy: StrategyChoice
  /** Whether a session stays with the target and account that served it last, with its account where the target comes first anyway, or moves freely. */
  readonly affinity: 'session' | 'account' | 'none'
  readonly lanes: LanePolicy
  /** Highest price of a million input and a million output tokens together, in nano-dollars; undefined is no limit. */
  readonly maxPricePerMillion?: number | undefined
  readonly unknownPrice: UnknownPrice
  readonly unknownContext: 'allow' | 'reject'
}
