import type { Certifications } from '../catalog/certifications.ts'
import type { LazyPrices } from '../catalog/prices/lazy-prices.ts'
import type { CompiledConfig } from '../config/compile.ts'
import { hasBudgets } from '../engine/limits/caller-rules.ts'
import type { Limiter } from '../engine/limits/limiter.ts'
import type { AccountPool } from '../credentials/account-pool.ts'
import type { Clock } from '../lib/clock.ts'
import { needsPrices } from '../routing/needs-prices.ts'
import type { GatewayState } from '../state/open-state.ts'
import { fixedKeys, isSameConfig } from './compare-configs.ts'
import { configFacts } from './decision-world.ts'
import type { LiveConfig } from './live-config.ts'
import { requirePolicies } from './policy-gate.ts'

/** What came of handing a running gateway another configuration. */
export interface ReloadOutcome {
  /** `unchanged` when it means the same as the one in force, which then stays. */
  readonly kind: 'applied' | 'unchanged'
  /** Revision in force. */
  readonly revision: number
  /** Keys that differ from what the gateway was started with and hold until it is started again. */
  readonly restart: readonly string[]
}

export interface ReloadParts {
  readonly live: LiveConfig
  readonly accounts: Pick<AccountPool, 'configure'>
  readonly limiter: Pick<Limiter, 'configure'>
  readonly state: Pick<GatewayState, 'configure' | 'health'>
  readonly prices: LazyPrices
  readonly certifications: Certifications
  /** Whoever exports what is measured, alerts, and captures bodies. */
  readonly watch: { configure(config: CompiledConfig): void }
  readonly captures: { configure(settings: CompiledConfig['capture']): void }
  readonly clock: Pick<Clock, 'wall'>
  /** Settings of the server with what cannot change. Throws when they must not be served; `configure` takes them over. */
  readonly server: {
    check(settings: CompiledConfig['server']): void
    configure(settings: CompiledConfig['server']): void
  }
}

/** Another configuration that was found good. */
export interface PreparedReload {
  readonly kind: ReloadOutcome['kind']
  readonly restart: readonly string[]
  /** Takes it over, all at once, between two requests, as the revision of this number. Throws `config_invalid` with nothing changed. */
  readonly apply: (revision: number) => void
}

/**
 * Looks whether another configuration can be taken over while requests run. What runs keeps the configuration it began with; accounts, locks,
 * circuits, scorecards, sessions and learned limits stay, except where a provider has another address. Rejects with `config_invalid` when the
 * configuration is not to be taken. Nothing changes before `apply`.
 */
export async function prepareReload(wanted: CompiledConfig, parts: ReloadParts): Promise<PreparedReload> {
  const { live, prices, server, clock, certifications } = parts
  const next = live.rotated(wanted)
  const restart = fixedKeys(live.started, next)
  if (isSameConfig(live.config, next)) return { kind: 'unchanged', restart, apply: (revision) => live.renumber(revision) }
  server.check(servedSettings(live, next))
  if (needsPrices(next.routing) || hasBudgets(next.limits) || next.policyTests.length > 0) await prices.warm()
  requirePolicies(next, configFacts(next, prices, clock, certifications))
  live.renewed(next)
  return { kind: 'applied', restart, apply: (revision) => applyConfig(wanted, revision, parts) }
}

function applyConfig(wanted: CompiledConfig, revision: number, parts: ReloadParts): void {
  const { live, accounts, limiter, state, server, watch, captures } = parts
  const next = live.rotated(wanted) // another key may have come meanwhile
  const earlier = live.revision.providers
  const providers = live.renewed(next)

  live.take(wanted, providers, revision)
  accounts.configure(live.pooled)
  limiter.configure(next.limits)
  state.configure(live.stateSettings)
  for (const { id, settings: before } of earlier.values())
    if (providers.has(id) && providers.get(id)?.settings.baseUrl !== before.baseUrl) state.health.forget(id)
  server.configure(servedSettings(live, next))
  watch.configure(next)
  captures.configure(next.capture)
}

/** Settings of the server, with the address that it has been listening on since its start. */
function servedSettings({ started }: LiveConfig, { server }: CompiledConfig): CompiledConfig['server'] {
  const { host, port, tls } = started.server
  return { ...server, host, port, tls }
}
