import type { ProviderId } from './ids.ts'

/** Retries at one account after a passing fault. */
export interface RetrySettings {
  readonly maxRetries: number
  /** First pause and longest pause, in ms; pauses double and are jittered over their whole length. */
  readonly baseDelayMs: number
  readonly maxDelayMs: number
}

export interface CircuitBreakerSettings {
  readonly enabled: boolean
  /** Failures in a row that open the circuit. */
  readonly failureThreshold: number
  /** Milliseconds until a single probe is let through. */
  readonly openMs: number
}

/** A second attempt beside a slow first one. */
export interface HedgeSettings {
  readonly enabled: boolean
  readonly delayMs: number
  /** Attempts at once, the first included. */
  readonly maxParallel: number
}

/** How outcomes of calls are judged. Rates are shares between 0 and 1, times are in ms. */
export interface ScorecardSettings {
  readonly enabled: boolean
  readonly maxSamples: number
  readonly ttlMs: number
  readonly minSamples: number
  readonly demoteSuccessRate: number
  readonly recoverSuccessRate: number
  readonly truncationDemoteRate: number
  readonly fastDemoteStreak: number
  readonly fastRecoverStreak: number
  readonly priorWeight: number
  readonly priorSuccessRate: number
  /** Weight of `outcome_health` in scores. */
  readonly scoreWeight: number
  readonly flushMs: number
  readonly staleHydrateMs: number
}

/** How the gateway survives failures of its upstreams. */
export interface ResilienceSettings {
  readonly retry: RetrySettings
  /** Retries may be at most this share of a target's calls. */
  readonly retryBudget: number
  /** Longest wait for the first locked account to recover when all are locked, in ms; the caller's deadline goes before it. */
  readonly maxWaitMs: number
  readonly circuitBreaker: CircuitBreakerSettings
  readonly hedge: HedgeSettings
  readonly scorecard: ScorecardSettings
  /** Most calls at once to each target of a provider; a provider without an entry is not limited. */
  readonly maxConcurrency: ReadonlyMap<ProviderId, number>
  /** How a provider's accounts take turns; a provider without an entry fills its first account. */
  readonly accountSelection: ReadonlyMap<ProviderId, AccountSelection>
}

export interface AccountSelection {
  readonly mode: 'fill_first' | 'round_robin'
  /** Calls in a row that one account serves before its turn ends. */
  readonly sticky: number
}

type Overrides<Settings> = { readonly [Key in keyof Settings]?: Settings[Key] | undefined }

/** What a route has of its own; undefined is inherited. */
export interface RouteResilience {
  readonly retry?: Overrides<RetrySettings> | undefined
  readonly hedge?: Overrides<HedgeSettings> | undefined
  readonly maxWaitMs?: number | undefined
}
