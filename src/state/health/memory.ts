import type { ProviderId, TargetId } from '../../ir/ids.ts'
import type { Target } from '../../ir/target.ts'
import type { Clock } from '../../lib/clock.ts'
import { CallPermit, type PermitContext } from './call-permit.ts'
import { DEFAULT_CIRCUIT } from './circuit-breaker.ts'
import { ProviderHealth } from './provider-health.ts'
import { providerOf, readSavedScorecard } from './saved-scorecard.ts'
import { SAVED_TTL_MS, Scorecard } from './scorecard.ts'
import type {
  HealthObservation,
  HealthSettings,
  HealthStore,
  Permit,
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
  /** Default: the default circuit, no limits. */
  readonly settings?: HealthSettings | undefined
}

/** Health of targets in the memory of one process. */
export function createMemoryHealth({ clock, settings }: MemoryHealthOptions): HealthStore {
  return new MemoryHealth(clock, settings ?? { circuit: DEFAULT_CIRCUIT, providers: new Map() })
}

class MemoryHealth implements HealthStore {
  private readonly context: PermitContext
  private readonly targets = new Map<TargetId, TargetHealth>()
  /** Bounded by the configuration. */
  private readonly providers = new Map<ProviderId, ProviderHealth>()
  private settings: HealthSettings

  constructor(clock: Pick<Clock, 'now' | 'wall'>, settings: HealthSettings) {
    this.context = { clock, circuit: settings.circuit }
    this.settings = settings
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
    return this.targetFor(target.id, target.provider, now).retries.spend(now)
  }

  snapshot(): { targets: TargetHealthView[]; providers: ProviderHealthView[] } {
    const now = this.context.clock.now()
    const targets = [...this.targets.values()].map((known) => {
      const { calls, retries } = known.retries.recent(now)
      const observation = observationOf(known, this.providerFor(known.provider), now)
      return { id: known.id, provider: known.provider, ...observation, recentCalls: calls, recentRetries: retries }
    })
    const providers = [...this.providers.values()].map(({ id, circuit, slots, limits }) => ({
      id,
      circuit: circuit.state(now),
      recoveryMs: recovery(circuit.waitMs(now)),
      inFlight: slots.inFlight,
      maxConcurrency: limits.provider,
    }))
    return { targets, providers }
  }

  configure(settings: HealthSettings): void {
    this.settings = settings
    this.context.circuit = settings.circuit
    for (const [id, known] of this.targets)
      if (!settings.providers.has(known.provider) && known.slots.inFlight === 0) this.targets.delete(id)
    for (const [id, provider] of this.providers) {
      provider.limits = settings.providers.get(id) ?? {}
      if (!settings.providers.has(id) && provider.slots.inFlight === 0) this.providers.delete(id)
    }
    if (settings.circuit.enabled) return
    for (const { circuit } of this.targets.values()) circuit.reset()
    for (const { circuit } of this.providers.values()) circuit.reset()
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
    const now = this.context.clock.now()
    const wall = this.context.clock.wall()
    for (const row of rows.slice(-MAX_TARGETS)) {
      const saved = readSavedScorecard(row)
      if (saved === undefined || wall - saved.savedAt >= SAVED_TTL_MS) continue
      const known = this.targetFor(saved.target, providerOf(saved.target), now)
      known.scorecard ??= new Scorecard()
      known.scorecard.restore(saved, now, wall)
    }
  }

  private providerFor(id: ProviderId): ProviderHealth {
    let found = this.providers.get(id)
    if (found === undefined) {
      found = new ProviderHealth(id, this.settings.providers.get(id))
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
    const limits = this.settings.providers.get(provider)
    const maxConcurrency = least(limits?.target, limits?.provider)
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
  const { limits, slots, circuit } = provider
  const inFlight = known?.slots.inFlight ?? 0
  // Told as a limit of the target, so that it is full when either is.
  const left = limits.provider === undefined ? undefined : inFlight + Math.max(0, limits.provider - slots.inFlight)
  const states = [circuit.state(now), known?.circuit.state(now)]
  return {
    circuit: states.includes('open') ? 'open' : states.includes('half_open') ? 'half_open' : 'closed',
    recoveryMs: recovery(Math.max(circuit.waitMs(now), known?.circuit.waitMs(now) ?? 0)),
    inFlight,
    maxConcurrency: least(limits.target, left),
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
  const { limits } = provider
  const isFull = known.slots.isFull(limits.target)
  if (!isFull && !provider.slots.isFull(limits.provider)) return undefined
  const scope = isFull ? 'target' : 'provider'
  const slots = isFull ? known.slots : provider.slots
  return { admitted: false, code: 'target_busy', scope, retryAfterMs: slots.waitMs(known.total.value) }
}

const recovery = (waitMs: number): number | undefined => (waitMs === 0 ? undefined : Math.ceil(waitMs))

const least = (left: number | undefined, right: number | undefined): number | undefined =>
  left === undefined ? right : right === undefined ? left : Math.min(left, right)
