import type { ErrorCategory } from '../../errors/codes.ts'
import type { ProviderId, TargetId } from '../../ir/ids.ts'
import type { TargetObservation } from '../../ir/observed.ts'
import type { CircuitBreakerSettings, ScorecardSettings } from '../../ir/resilience.ts'
import type { Target } from '../../ir/target.ts'

/** What this store knows of a target at one moment; the part of a `TargetObservation` that is not about accounts or operators. */
export type HealthObservation = Pick<
  TargetObservation,
  'circuit' | 'recoveryMs' | 'inFlight' | 'maxConcurrency' | 'ttftMs' | 'totalMs' | 'outcome'
>

/** How a call ended. */
export interface CallOutcome {
  /**
   * `truncated`: stopped by the output limit. `refusal`: the model or a filter declined. `neutral`: not the target's doing (the
   * client's mistake, a credential, a rate limit, an attempt that was never sent). `cancelled`: the client went away.
   */
  readonly kind: 'success' | 'truncated' | 'refusal' | 'failure' | 'neutral' | 'cancelled'
  /** Of a failure, and of a neutral outcome that an upstream answered with. */
  readonly category?: ErrorCategory | undefined
  /** Milliseconds from sending to the first token, if there was one. */
  readonly ttftMs?: number | undefined
  /** Milliseconds from sending to the end. */
  readonly totalMs?: number | undefined
  readonly streamed: boolean
  /** The upstream's headers had arrived, so that it can be reached, whatever came of the call. Undefined: nothing is known of that. */
  readonly answered?: boolean | undefined
}

/** Leave to make one call. It holds a slot, and perhaps the circuit's only probe, until it is settled. */
export interface Permit {
  readonly admitted: true
  /** The call tells whether a target that was given up works again. */
  readonly probe: boolean
  /** The first token is there: a probe has succeeded, however long the answer takes. Calling it again does nothing. */
  answering(): void
  /** Gives the slot back and counts the outcome, once: further calls do nothing. Every permit must be settled. */
  settle(outcome: CallOutcome): void
}

/** The call must not be made now. */
export interface Refusal {
  readonly admitted: false
  readonly code: 'circuit_open' | 'target_busy'
  /** Whose circuit it is; limits are those of targets. */
  readonly scope: 'target' | 'provider'
  /** Milliseconds until asking again makes sense: exact for an open circuit, an estimate for a busy target. */
  readonly retryAfterMs: number
}

/** How a scorecard judges. What scores make of it is routing's, and how often it is saved its keeper's. */
export type ScorecardRules = Omit<ScorecardSettings, 'scoreWeight' | 'flushMs'>

export interface HealthSettings {
  readonly circuit: CircuitBreakerSettings
  readonly scorecard: ScorecardRules
  /** Retries may be at most this share of a target's calls, 0 to 1. */
  readonly retryBudget: number
  /** Most calls at once to each target of a provider; a provider without an entry is not limited. */
  readonly maxConcurrency: ReadonlyMap<ProviderId, number>
  /** What is known of other providers is forgotten once nothing is under way there. Undefined: nothing is forgotten. */
  readonly providers?: ReadonlySet<ProviderId> | undefined
}

/** A scorecard in its persisted form: counts alone, no content. */
export interface SavedScorecard {
  readonly target: TargetId
  /** Unix milliseconds. */
  readonly savedAt: number
  readonly samples: number
  readonly successes: number
  readonly truncated: number
  readonly demoted?: 'truncation' | 'streak' | 'success' | undefined
}

/** A circuit that has opened or closed, for the other replicas. */
export interface CircuitChange {
  readonly scope: 'target' | 'provider'
  /** Of the target or the provider. */
  readonly id: string
  /** Milliseconds until a call may try again; undefined when the circuit has closed. */
  readonly openMs: number | undefined
}

/** A probe of a half-open circuit has gone out, or has ended without telling whether the other side works. */
export interface ProbeChange {
  readonly scope: 'target' | 'provider'
  readonly id: string
  readonly isOut: boolean
}

/** State of one target or provider, as health views show it. */
export interface TargetHealthView extends HealthObservation {
  readonly id: TargetId
  readonly provider: ProviderId
  /** Calls and retries within the retry budget's window. */
  readonly recentCalls: number
  readonly recentRetries: number
}

export interface ProviderHealthView {
  readonly id: ProviderId
  readonly circuit: TargetObservation['circuit']
  readonly recoveryMs?: number | undefined
  readonly inFlight: number
  /** Of each of its targets. */
  readonly maxConcurrency?: number | undefined
}

/**
 * How targets do, from the outcomes of calls: circuit breakers for targets and providers, slots, moving averages, scorecards, retry
 * budgets. Synchronous, bounded, and kept over a change of the configuration.
 */
export interface HealthStore {
  /** What is known of a target now. Reads only: it never uses up a probe and creates nothing. */
  observe(target: Target): HealthObservation
  /** Asks for leave to make a call. A half-open circuit gives exactly one permit until that one is settled or its lease ends. */
  admit(target: Target): Permit | Refusal
  /** Takes one retry out of the target's budget; false when it is used up, and the call must not be repeated there. */
  spendRetry(target: Target): boolean
  /** Everything that is known, for health views. */
  snapshot(): { readonly targets: readonly TargetHealthView[]; readonly providers: readonly ProviderHealthView[] }
  /**
   * Takes new settings; what is known of targets stays, as far as the new windows reach. A circuit that is switched off forgets its
   * failures; a scorecard that is switched off takes no samples and says nothing until it is switched on again.
   */
  configure(settings: HealthSettings): void
  /** Takes over what another replica has found out. A circuit that is open for longer already stays so. */
  adopt(change: CircuitChange): void
  /** Another replica probes a half-open circuit, so that nobody need do so here; or it does not any more. */
  adoptProbe(change: ProbeChange): void
  /** Forgets what is known of a provider and its targets: it is another one under the same name. Calls under way end for themselves. */
  forget(provider: ProviderId): void
  /** Scorecards that changed since the last call, to be saved. */
  changedScorecards(): readonly SavedScorecard[]
  /** Takes what an earlier process saved as prior knowledge. Rows that are too old, empty or corrupt are passed over. */
  loadScorecards(rows: readonly unknown[]): void
}
