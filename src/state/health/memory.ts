import { asProviderId, providerOf, type ProviderId, type TargetId } from '../../ir/ids.ts'
import type { Target } from '../../ir/target.ts'
import type { Clock } from '../../lib/clock.ts'
import { CallPermit, type PermitContext } from './call-permit.ts'
import type { CircuitBreaker } from './circuit-breaker.ts'
import { ProviderHealth } from './provider-health.ts'
import { readSavedScorecard } from './saved-scorecard.ts'
import { Scorecard } from './scorecard.ts'
import { DEFAULT_SETTINGS } from './settings.ts'
import type {
  CircuitChange,
  HealthObservation,
  HealthSettings,
  HealthStore,
  Permit,
  ProbeChange,
  ProviderHealthView,
  Refusal,
  SavedScorecard,
  TargetHealthView,
} from './store.ts'
import { TargetHealth } from './target-health.ts'

/** Most targets remembered: model names come from clients. Calls under way are never forgotten. */
const MAX_TARGETS = 4_096
/** When there are more, so many are forgotten at once, which keeps the cost of it low. */
const FORGET_AT_ONCE = MAX_TARGETS / 4

const UNKNOWN: HealthObservation = Object.freeze({ circuit: 'closed', inFlight: 0 })

export interface MemoryHealthOptions {
  readonly clock: Pick<Clock, 'now' | 'wall'>
  /** Default: those of a configuration that says nothing, without limits. */
  readonly settings?: HealthSettings | undefined
  /** Told of circuits that calls have opened or closed, at once. */
  readonly onCircuit?: ((change: CircuitChange) => void) | undefined
  /** Told of probes that calls are, at once, and of those that end without telling anything. */
  readonly onProbe?: ((change: ProbeChange) => void) | undefined
  /** How much later, in ms, a circuit that another replica has opened is half open here: whoever opened it probes first. Default 0. */
  readonly turnMs?: (() => number) | undefined
}

/** Health of targets in the memory of one process. */
export function createMemoryHealth({ settings, turnMs = () => 0, ...options }: MemoryHealthOptions): HealthStore {
  return new MemoryHealth({ ...options, settings: settings ?? DEFAULT_SETTINGS }, turnMs)
}

class MemoryHealth implements HealthStore {
  private readonly context: PermitContext
  private readonly turnMs: () => number
  private readonly targets = new Map<TargetId, TargetHealth>()
  /** Bounded by the configuration. */
  private readonly providers = new Map<ProviderId, ProviderHealth>()

  constructor(context: PermitContext, turnMs: () => number) {
    this.context = context
    this.turnMs = turnMs
  }

  observe(target: Target): HealthObservation {
    const known = this.targets.get(target.id)
    const provider = this.providers.get(target.provider)
    if (provider === undefined && known === undefined) return this.untouched(target.provider)
    return observationOf(known, provider ?? this.providerFor(target.provider), this.context.clock.now())
  }

  admit(target: Target): Permit | Refusal {
    const now = this.context.clock.now()
    const known = this.targetFor(target.id, target.provider, now)
    const provider = this.providerFor(target.provider)
    const refusal = openCircuit(known, provider, now) ?? missingSlot(known, provider)
    if (refusal !== undefined) return refusal
    known.touchedAt = now
    known.retries.count(now)
    return new CallPermit(this.context, known, provider, now)
  }

  spendRetry(target: Target): boolean {
    const now = this.context.clock.now()
    return this.targetFor(target.id, target.provider, now).retries.spend(now, this.context.settings.retryBudget)
  }

  snapshot(): { targets: TargetHealthView[]; providers: ProviderHealthView[] } {
    const now = this.context.clock.now()
    const targets = [...this.targets.values()].map((known) => {
      const { calls, retries } = known.retries.recent(now)
      const observation = observationOf(known, this.providerFor(known.provider), now)
      return { id: known.id, provider: known.provider, ...observation, recentCalls: calls, recentRetries: retries }
    })
    const providers = [...this.providers.values()].map(({ id, circuit, slots, targetLimit }) => ({
      id,
      circuit: circuit.state(now),
      recoveryMs: recovery(circuit.waitMs(now)),
      inFlight: slots.inFlight,
      maxConcurrency: targetLimit,
    }))
    return { targets, providers }
  }

  configure(settings: HealthSettings): void {
    this.context.settings = settings
    const isGone = (id: ProviderId): boolean => settings.providers?.has(id) === false
    for (const [id, known] of this.targets) {
      known.scorecard?.configure(settings.scorecard)
      if (isGone(known.provider) && known.slots.inFlight === 0) this.targets.delete(id)
    }
    for (const [id, provider] of this.providers) {
      provider.targetLimit = settings.maxConcurrency.get(id)
      if (isGone(id) && provider.slots.inFlight === 0) this.providers.delete(id)
    }
    if (settings.circuit.enabled) return
    for (const { circuit } of this.targets.values()) circuit.reset()
    for (const { circuit } of this.providers.values()) circuit.reset()
  }

  adopt({ scope, id, openMs }: CircuitChange): void {
    if (!this.context.settings.circuit.enabled) return
    const now = this.context.clock.now()
    const circuit = this.circuitOf(scope, id, openMs !== undefined, now)
    if (openMs === undefined) circuit?.reset()
    else if (openMs > 0) circuit?.openUntilAtLeast(now + openMs + this.turnMs())
  }

  adoptProbe({ scope, id, isOut }: ProbeChange): void {
    const now = this.context.clock.now()
    this.circuitOf(scope, id, false, now)?.probeElsewhere(isOut, now)
  }

  forget(id: ProviderId): void {
    this.providers.delete(id)
    for (const [target, { provider }] of this.targets) if (provider === id) this.targets.delete(target)
  }

  changedScorecards(): SavedScorecard[] {
    const now = this.context.clock.now()
    const wall = this.context.clock.wall()
    return [...this.targets.values()].flatMap((known) => {
      if (!known.unsaved || known.scorecard === undefined) return []
      known.unsaved = false
      return [{ target: known.id, ...known.scorecard.save(now, wall) }]
    })
  }

  loadScorecards(rows: readonly unknown[]): void {
    const { clock, settings } = this.context
    const now = clock.now()
    const wall = clock.wall()
    for (const row of rows.slice(-MAX_TARGETS)) {
      const saved = readSavedScorecard(row)
      if (saved === undefined || wall - saved.savedAt >= settings.scorecard.staleHydrateMs) continue
      const known = this.targetFor(saved.target, providerOf(saved.target), now)
      known.scorecard ??= new Scorecard(settings.scorecard)
      known.scorecard.restore(saved, now, wall)
    }
  }

  /** A circuit that is to open is made where there is none, for providers of the configuration. */
  private circuitOf(scope: CircuitChange['scope'], id: string, make: boolean, now: number): CircuitBreaker | undefined {
    if (scope === 'provider') {
      const provider = asProviderId(id)
      return make && this.isKnown(provider) ? this.providerFor(provider).circuit : this.providers.get(provider)?.circuit
    }
    const target = id as TargetId
    const provider = providerOf(target)
    return make && this.isKnown(provider) ? this.targetFor(target, provider, now).circuit : this.targets.get(target)?.circuit
  }

  private isKnown(provider: ProviderId): boolean {
    return this.context.settings.providers?.has(provider) !== false
  }

  private providerFor(id: ProviderId): ProviderHealth {
    let found = this.providers.get(id)
    if (found === undefined) {
      found = new ProviderHealth(id, this.context.settings.maxConcurrency.get(id))
      this.providers.set(id, found)
    }
    return found
  }

  private targetFor(id: TargetId, provider: ProviderId, now: number): TargetHealth {
    let found = this.targets.get(id)
    if (found === undefined) {
      if (this.targets.size >= MAX_TARGETS) this.forgetSome()
      found = new TargetHealth(id, provider, now)
      this.targets.set(id, found)
    }
    return found
  }

  /** What nobody has called: only its limit is known. */
  private untouched(provider: ProviderId): HealthObservation {
    const maxConcurrency = this.context.settings.maxConcurrency.get(provider)
    return maxConcurrency === undefined ? UNKNOWN : { ...UNKNOWN, maxConcurrency }
  }

  /** The targets that say least and were called longest ago go; those with calls under way stay. */
  private forgetSome(): void {
    const idle = [...this.targets.values()].filter(({ slots }) => slots.inFlight === 0)
    idle.sort((left, right) => Number(right.blank) - Number(left.blank) || left.touchedAt - right.touchedAt)
    for (const { id } of idle.slice(0, FORGET_AT_ONCE)) this.targets.delete(id)
  }
}

/** `known` is undefined for a target that was never called at a provider that was. */
function observationOf(known: TargetHealth | undefined, provider: ProviderHealth, now: number): HealthObservation {
  const { circuit } = provider
  const states = [circuit.state(now), known?.circuit.state(now)]
  return {
    circuit: states.includes('open') ? 'open' : states.includes('half_open') ? 'half_open' : 'closed',
    recoveryMs: recovery(Math.max(circuit.waitMs(now), known?.circuit.waitMs(now) ?? 0)),
    inFlight: known?.slots.inFlight ?? 0,
    maxConcurrency: provider.targetLimit,
    ttftMs: known?.ttft.value,
    totalMs: known?.total.value,
    outcome: known?.scorecard?.health(now),
  }
}

function openCircuit(known: TargetHealth, provider: ProviderHealth, now: number): Refusal | undefined {
  const own = known.circuit.waitMs(now)
  const shared = provider.circuit.waitMs(now)
  if (own === 0 && shared === 0) return undefined
  const scope = shared > own ? 'provider' : 'target'
  return { admitted: false, code: 'circuit_open', scope, retryAfterMs: Math.ceil(Math.max(own, shared)) }
}

function missingSlot(known: TargetHealth, provider: ProviderHealth): Refusal | undefined {
  if (!known.slots.isFull(provider.targetLimit)) return undefined
  return { admitted: false, code: 'target_busy', scope: 'target', retryAfterMs: known.slots.waitMs(known.total.value) }
}

const recovery = (waitMs: number): number | undefined => (waitMs === 0 ? undefined : Math.ceil(waitMs))
