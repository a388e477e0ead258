import type { AccountHealth, AccountLockView } from '../credentials/account-pool.ts'
import { targetIdOf, type ProviderId, type TargetId } from '../ir/ids.ts'
import type { TargetObservation } from '../ir/observed.ts'
import type { ProviderFacts } from '../ir/snapshot.ts'
import type { Target } from '../ir/target.ts'
import { snakeKeys } from '../lib/key-case.ts'
import type { ProviderHealthView, TargetHealthView } from '../state/health/store.ts'
import type { Coordination, CoordinationStatus } from '../state/coordination/store.ts'
import type { LoginView } from './account-login.ts'
import type { OperatorParts } from './disable-switches.ts'
import { disabledView, disableView, type DisabledView, type DisableView } from './disable-views.ts'

/** State of an account, as JSON. */
export interface AccountStateView {
  readonly id: string
  /** Nothing locks or disables it. A lock of one model leaves the others. */
  readonly healthy: boolean
  readonly locks: readonly AccountLockView[]
  readonly disabled?: DisabledView | undefined
  /** What it logs in with; absent for accounts with a fixed key. */
  readonly login?: LoginView | undefined
  /** The `egress` it leaves by, where one was chosen. */
  readonly egress?: string | undefined
}

/** State of a provider, as JSON. Times are in milliseconds. */
export interface ProviderStateView {
  readonly id: string
  readonly circuit: TargetObservation['circuit']
  /** Until its circuit lets a call through again. */
  readonly recovery_ms?: number | undefined
  readonly in_flight: number
  readonly max_concurrency?: number | undefined
  readonly disabled?: DisabledView | undefined
  readonly accounts: readonly AccountStateView[]
}

/** State of a target, as JSON. Times are in milliseconds; what nobody has measured yet is absent. */
export interface TargetStateView {
  readonly id: string
  readonly provider: string
  readonly model: string
  /** The worse one of the target's own and its provider's. */
  readonly circuit: TargetObservation['circuit']
  /** Until its circuit, or its first account, lets a call through again. */
  readonly recovery_ms?: number | undefined
  readonly in_flight: number
  readonly max_concurrency?: number | undefined
  /** Moving averages. */
  readonly ttft_ms?: number | undefined
  readonly total_ms?: number | undefined
  /** Scorecard; the members are those of `OutcomeHealth` in snake_case. */
  readonly outcome?: Readonly<Record<string, unknown>> | undefined
  /** Calls of the last minute and how many of them were retries. */
  readonly retry_budget: { readonly recent_calls: number; readonly recent_retries: number }
  readonly accounts_usable: number
  readonly accounts_total: number
  readonly disabled?: DisabledView | undefined
}

/** What `GET /v1/health/targets` answers. */
export interface HealthView {
  readonly schema: 'switchback.health/v1'
  readonly revision: number
  readonly providers: readonly ProviderStateView[]
  readonly targets: readonly TargetStateView[]
  readonly disables: readonly DisableView[]
  /** The gateways that share this one's state, itself included; absent for one that is alone. */
  readonly replicas?: readonly ReplicaView[] | undefined
  /** How this gateway keeps up with them. */
  readonly coordination?: CoordinationStatus | undefined
}

/** Another gateway, as it tells of itself. */
export interface ReplicaView {
  readonly id: string
  readonly host: string
  readonly pid: number
  readonly started: string
  readonly version: string
  readonly config_hash: string
  /** Number of that configuration in the history. */
  readonly revision?: number | undefined
  readonly url?: string | undefined
  /** It is the one that was asked. */
  readonly self: boolean
}

/** How every provider and target of the configuration does now, and those models that were called without being written down. */
export function healthView({ snapshot, accounts, health, disables, coordination, loginOf, egressOf }: OperatorParts): HealthView {
  const { revision, providers, targets } = snapshot()
  const seen = health.snapshot()
  const entries = disables.list()
  const states = new Map(seen.providers.map((state) => [state.id, state]))
  const known = new Map(seen.targets.map((state) => [state.id, state]))
  const accountStates = Map.groupBy(accounts.snapshot(), ({ provider }) => provider)
  const disabledProviders = new Map(
    entries.flatMap((entry) => (entry.subject.scope === 'provider' ? [[entry.subject.provider, entry] as const] : [])),
  )
  return {
    schema: 'switchback.health/v1',
    revision,
    providers: [...providers.keys()].map((id) => ({
      ...providerState(id, states.get(id)),
      disabled: disabledView(disabledProviders.get(id)),
      accounts: (accountStates.get(id) ?? []).map((state) => ({
        ...accountState(state),
        login: loginOf?.(id, state.id),
        egress: egressOf?.(id, state.id),
      })),
    })),
    targets: everyTarget(targets, seen.targets, providers).map((target) => {
      const { available, total, recoveryMs } = accounts.availability(target.provider, target.model)
      const state = known.get(target.id)
      return {
        ...targetState(target, health.observe(target), recoveryMs),
        retry_budget: { recent_calls: state?.recentCalls ?? 0, recent_retries: state?.recentRetries ?? 0 },
        accounts_usable: available,
        accounts_total: total,
        disabled: disabledView(disables.model(target.provider, target.model)),
      }
    }),
    disables: entries.map(disableView),
    ...(coordination === undefined ? {} : { replicas: replicaViews(coordination), coordination: coordination.status() }),
  }
}

const replicaViews = (coordination: Pick<Coordination, 'id' | 'replicas'>): ReplicaView[] =>
  coordination.replicas().map(({ id, host, pid, started, version, configHash, revision, url }) => ({
    id,
    host,
    pid,
    started,
    version,
    config_hash: configHash,
    revision,
    url,
    self: id === coordination.id,
  }))

/** Those of the configuration in its order, then what was called beside them, while its provider is still there. */
function everyTarget(
  configured: readonly Target[],
  called: readonly TargetHealthView[],
  providers: ReadonlyMap<ProviderId, ProviderFacts>,
): readonly Target[] {
  const all = new Map<TargetId, Target>(configured.map((target) => [target.id, target]))
  for (const { id, provider } of called) {
    const format = providers.get(provider)?.format
    if (format === undefined || all.has(id)) continue
    const model = id.slice(provider.length + 1)
    all.set(id, { id: targetIdOf(provider, model), provider, model, format })
  }
  return [...all.values()]
}

function providerState(id: ProviderId, state: ProviderHealthView | undefined): Omit<ProviderStateView, 'accounts' | 'disabled'> {
  if (state === undefined) return { id, circuit: 'closed', in_flight: 0 }
  const { circuit, recoveryMs, inFlight, maxConcurrency } = state
  return { id, circuit, recovery_ms: recoveryMs, in_flight: inFlight, max_concurrency: maxConcurrency }
}

const accountState = ({ id, healthy, locks, disabled }: AccountHealth): AccountStateView => ({
  id,
  healthy,
  locks,
  disabled: disabledView(disabled),
})

type Measured = Omit<TargetStateView, 'retry_budget' | 'accounts_usable' | 'accounts_total' | 'disabled'>

function targetState(
  { id, provider, model }: Target,
  observed: ReturnType<OperatorParts['health']['observe']>,
  accountRecoveryMs: number | undefined,
): Measured {
  const { circuit, recoveryMs, inFlight, maxConcurrency, ttftMs, totalMs, outcome } = observed
  const waits = [recoveryMs, accountRecoveryMs].filter((wait) => wait !== undefined)
  return {
    id,
    provider,
    model,
    circuit,
    recovery_ms: waits.length === 0 ? undefined : Math.max(...waits),
    in_flight: inFlight,
    max_concurrency: maxConcurrency,
    ttft_ms: ttftMs,
    total_ms: totalMs,
    outcome: outcome === undefined ? undefined : (snakeKeys(outcome) as Record<string, unknown>),
  }
}
