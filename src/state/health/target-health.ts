import type { ProviderId, TargetId } from '../../ir/ids.ts'
import { Bulkhead } from './bulkhead.ts'
import { CircuitBreaker } from './circuit-breaker.ts'
import { sampleOf } from './evidence.ts'
import { MovingAverage } from './moving-average.ts'
import { RetryBudget } from './retry-budget.ts'
import { Scorecard } from './scorecard.ts'
import type { CallOutcome, ScorecardRules } from './store.ts'

/** What is known of one target. */
export class TargetHealth {
  readonly id: TargetId
  readonly provider: ProviderId
  readonly circuit = new CircuitBreaker()
  readonly slots = new Bulkhead()
  readonly retries = new RetryBudget()
  readonly ttft = new MovingAverage()
  readonly total = new MovingAverage()
  /** Made by the first sample: names that clients invented have none. */
  scorecard: Scorecard | undefined
  /** The scorecard holds something that has not been saved. */
  unsaved = false
  /** `Clock.now()` of the last call. */
  touchedAt: number

  constructor(id: TargetId, provider: ProviderId, now: number) {
    this.id = id
    this.provider = provider
    this.touchedAt = now
  }

  /** Nothing would be lost with it. */
  get blank(): boolean {
    return this.scorecard === undefined && this.circuit.blank
  }

  /** Feeds averages and scorecard. Failures take no part in the averages: failing fast is not being fast. */
  learn(outcome: CallOutcome, now: number, rules: ScorecardRules): void {
    const { kind, ttftMs, totalMs, streamed } = outcome
    if (kind === 'success' || kind === 'truncated' || kind === 'refusal') {
      if (streamed && ttftMs !== undefined) this.ttft.add(ttftMs)
      if (totalMs !== undefined) this.total.add(totalMs)
    }
    const sample = rules.enabled ? sampleOf(outcome) : undefined
    if (sample === undefined) return
    this.scorecard ??= new Scorecard(rules)
    this.scorecard.record(sample, now, totalMs)
    this.unsaved = true
  }
}
