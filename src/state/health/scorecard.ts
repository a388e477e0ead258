import type { DemotionReason, OutcomeHealth } from '../../ir/observed.ts'
import { OutcomeWindow, type OutcomeSample } from './outcome-window.ts'
import type { ScorecardRules } from './store.ts'

/** Most weight of what an earlier process has seen, in samples. */
const MAX_PRIOR = 50
/**
 * A demoted target gets its place back on trial when nothing bad came for this long; the next bad answer demotes it again. Ours: in the
 * reference a target that others replace gets no calls, and so stays demoted for a day after three failures.
 */
export const TRIAL_AFTER_MS = 300_000

/** Counts that shares are taken of. */
export interface OutcomeCounts {
  readonly samples: number
  readonly successes: number
  readonly truncated: number
}

export interface OutcomeRates {
  readonly health: number
  readonly successRate: number
  readonly truncationRate: number
}

/** The shares of good and of truncated answers, and the health they make. */
export function ratesOf({ samples, successes, truncated }: OutcomeCounts, rules: ScorecardRules): OutcomeRates {
  const { priorWeight, priorSuccessRate } = rules
  const successRate = (priorWeight * priorSuccessRate + successes) / (priorWeight + samples)
  const truncationRate = samples === 0 ? 0 : truncated / samples
  const health = Math.min(1, Math.max(0, successRate * (1 - 0.5 * truncationRate)))
  return { health, successRate, truncationRate }
}

/** Why a bad answer sets a target back: the first reason that holds, of truncation, streak and success. */
export function demotionOf(
  rates: OutcomeRates,
  samples: number,
  failuresInRow: number,
  rules: ScorecardRules,
): DemotionReason | undefined {
  const isEnough = samples >= rules.minSamples
  if (isEnough && rates.truncationRate >= rules.truncationDemoteRate) return 'truncation'
  if (failuresInRow >= rules.fastDemoteStreak) return 'streak'
  return isEnough && rates.successRate <= rules.demoteSuccessRate ? 'success' : undefined
}

/** What a scorecard is saved as. Times are of `Clock.wall()`. */
export interface ScorecardState extends OutcomeCounts {
  readonly savedAt: number
  readonly demoted?: DemotionReason | undefined
}

/** How calls to one target ended lately, and whether it is set behind others for it. Times are of `Clock.now()`. */
export class Scorecard {
  private rules: ScorecardRules
  private readonly window: OutcomeWindow
  /** Prior knowledge, and when it was saved. */
  private prior: (OutcomeCounts & { readonly savedAt: number }) | undefined
  private demoted: DemotionReason | undefined
  /** Of the last sample that spoke against the target. */
  private lastBad = 0
  private failuresInRow = 0
  private successesInRow = 0
  private known: OutcomeHealth | undefined
  /** Until then `known` holds, if no sample comes. */
  private knownUntil = Number.NEGATIVE_INFINITY

  constructor(rules: ScorecardRules) {
    this.rules = rules
    this.window = new OutcomeWindow(rules.maxSamples)
  }

  /** Judges by these rules from now on. What a smaller window has no room for goes; a demotion stays until it is earned back. */
  configure(rules: ScorecardRules): void {
    this.rules = rules
    this.window.limit(rules.maxSamples)
    this.knownUntil = Number.NEGATIVE_INFINITY
  }

  record(sample: OutcomeSample, now: number, durationMs?: number): void {
    this.expire(now)
    this.window.push(sample, now, sample === 'failure' ? undefined : durationMs)
    this.knownUntil = Number.NEGATIVE_INFINITY
    this.failuresInRow = sample === 'failure' ? this.failuresInRow + 1 : 0
    this.successesInRow = sample === 'success' ? this.successesInRow + 1 : 0
    const { rules } = this
    const rates = ratesOf(this.counts(), rules)
    if (sample !== 'success') {
      this.lastBad = now
      this.demoted = demotionOf(rates, this.window.size, this.failuresInRow, rules) ?? this.demoted
    } else if (
      this.successesInRow >= rules.fastRecoverStreak ||
      (this.window.size >= rules.minSamples && rates.successRate >= rules.recoverSuccessRate)
    ) {
      this.demoted = undefined
    }
  }

  /** Undefined as long as nothing is known, and when scorecards are switched off. */
  health(now: number): OutcomeHealth | undefined {
    if (!this.rules.enabled) return undefined
    if (now < this.knownUntil) return this.known
    this.expire(now)
    this.known = this.assess(now)
    const trialAt = this.lastBad + TRIAL_AFTER_MS
    this.knownUntil = Math.min(
      this.window.oldest + this.rules.ttlMs,
      this.prior === undefined ? Number.POSITIVE_INFINITY : this.prior.savedAt + this.rules.staleHydrateMs,
      trialAt > now ? trialAt : Number.POSITIVE_INFINITY,
    )
    return this.known
  }

  /** Counts, prior knowledge included, for keeping over a restart. `wall` is the Unix time of `now`. */
  save(now: number, wall: number): ScorecardState {
    this.expire(now)
    const { samples, successes, truncated } = this.counts()
    return { savedAt: wall, samples, successes, truncated, ...(this.demoted === undefined ? {} : { demoted: this.demoted }) }
  }

  /**
   * Takes what was saved as prior knowledge with the weight of at most 50 samples. A demotion holds on unless its samples would be too
   * old by now. Ignored when older than `staleHydrateMs` or empty.
   */
  restore(state: ScorecardState, now: number, wall: number): void {
    const age = Math.max(0, wall - state.savedAt)
    if (age >= this.rules.staleHydrateMs || state.samples <= 0) return
    const scale = Math.min(state.samples, MAX_PRIOR) / state.samples
    this.prior = {
      samples: state.samples * scale,
      successes: state.successes * scale,
      truncated: state.truncated * scale,
      savedAt: now - age,
    }
    this.knownUntil = Number.NEGATIVE_INFINITY
    if (state.demoted === undefined || age >= this.rules.ttlMs) return
    this.demoted = state.demoted
    this.lastBad = now - age
  }

  private counts(): OutcomeCounts {
    const { window, prior } = this
    return {
      samples: window.size + (prior?.samples ?? 0),
      successes: window.successes + (prior?.successes ?? 0),
      truncated: window.truncated + (prior?.truncated ?? 0),
    }
  }

  /** Old samples go. When none is left the target starts over; a demotion from before a restart lasts as long as its samples would. */
  private expire(now: number): void {
    const { ttlMs, staleHydrateMs } = this.rules
    if (this.prior !== undefined && now >= this.prior.savedAt + staleHydrateMs) this.prior = undefined
    this.window.expire(now - ttlMs)
    if (this.window.size > 0 || now - this.lastBad < ttlMs) return
    this.demoted = undefined
    this.failuresInRow = 0
    this.successesInRow = 0
  }

  private assess(now: number): OutcomeHealth | undefined {
    if (this.window.size === 0 && this.prior === undefined) return undefined
    const { health, successRate, truncationRate } = ratesOf(this.counts(), this.rules)
    const onTrial = now - this.lastBad >= TRIAL_AFTER_MS
    return {
      health: round(health),
      samples: this.window.size,
      successRate: round(successRate),
      truncationRate: round(truncationRate),
      p50Ms: this.window.percentile(0.5),
      p95Ms: this.window.percentile(0.95),
      demoted: onTrial ? undefined : this.demoted,
    }
  }
}

/** To a millionth: records stay short, and no order hangs on the last bit. */
const round = (share: number): number => Math.round(share * 1e6) / 1e6
