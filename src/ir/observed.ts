import type { Target } from './target.ts'

/** Why a target is set behind others that do better. */
export type DemotionReason = 'truncation' | 'streak' | 'success'

/** How calls to a target ended lately. */
export interface OutcomeHealth {
  /** 0 to 1: estimated share of good answers, less half the share of truncated ones. */
  readonly health: number
  readonly samples: number
  readonly successRate: number
  readonly truncationRate: number
  /** Nearest-rank percentiles of the total time, in ms; undefined below two samples. */
  readonly p50Ms?: number | undefined
  readonly p95Ms?: number | undefined
  readonly demoted?: DemotionReason | undefined
}

/** An operator has taken a provider, an account or a model out of use. */
export interface Disabled {
  readonly scope: 'provider' | 'account' | 'model'
  readonly reason?: string | undefined
  /** Unix milliseconds at which it ends by itself. */
  readonly until?: number | undefined
  /** Who ordered it: the id of a key, or a person at the command line. */
  readonly by?: string | undefined
}

/** A limit or budget of a provider, or of all its accounts, is used up. */
export interface Limited {
  readonly scope: 'provider' | 'account'
  readonly subject: string
  readonly measure: 'requests' | 'tokens' | 'usd'
  /** Of a budget. */
  readonly period?: 'total' | 'day' | 'week' | 'month' | undefined
  /** Nano-dollars of a budget. */
  readonly limit: number
  readonly used: number
  /** Milliseconds until there is room again; undefined when no time makes any. */
  readonly resetMs?: number | undefined
}

/**
 * What is known of a target at the moment of a decision. Plain numbers, copied into the decision's record, so that the decision can be
 * recomputed from the record alone. Undefined is unknown, never zero.
 */
export interface TargetObservation {
  readonly accountsAvailable: number
  readonly accountsTotal: number
  readonly circuit: 'closed' | 'open' | 'half_open'
  /** Milliseconds until the first account or the circuit lets a call through again; undefined when one may go now. */
  readonly recoveryMs?: number | undefined
  /** Calls under way. */
  readonly inFlight: number
  /** Most calls at once, where that is limited. */
  readonly maxConcurrency?: number | undefined
  /** Moving averages in ms: to the first token of streams, and of whole answers. */
  readonly ttftMs?: number | undefined
  readonly totalMs?: number | undefined
  readonly outcome?: OutcomeHealth | undefined
  readonly disabled?: Disabled | undefined
  readonly limited?: Limited | undefined
}

/** What a decision may ask about its candidates. */
export interface ObservedState {
  /** The value is kept until the decision's record is written and must not change afterwards. */
  of(target: Target): TargetObservation
  /** How many calls a route has served in turns; reading it does not count. Undefined is 0. */
  cursor?(route: string): number
}
