import type { CompiledConfig } from '../config/compile.ts'
import { providerHosts } from '../config/provider-hosts.ts'
import type { PooledProvider } from '../credentials/account-pool.ts'
import type { Revision } from '../engine/execution-deps.ts'
import type { AccountId, ProviderId } from '../ir/ids.ts'
import type { RoutingSnapshot } from '../ir/snapshot.ts'
import type { Secret } from '../lib/secret.ts'
import type { ProviderSettings } from '../providers/provider.settings.schema.ts'
import type { Provider } from '../providers/provider.types.ts'
import { renewProviders } from '../providers/renew-providers.ts'
import { healthSettingsOf } from '../state/health/settings.ts'
import type { StateChange } from '../state/open-state.ts'
import { type RotatedKey, RotatedKeys } from './rotated-keys.ts'

type Providers = Revision['providers']

/** The configuration a gateway works with. It changes as a whole: whoever asks gets the old one or the new one. */
export class LiveConfig {
  /** What the gateway was started with: some of it holds to its end. */
  readonly started: CompiledConfig
  /** With the keys that were rotated while it ran. */
  config: CompiledConfig
  revision: Revision
  private readonly rotatedKeys = new RotatedKeys()
  /** What `config` was made of. */
  private configured: CompiledConfig
  private hosts: ReadonlyMap<ProviderId, string>
  private readonly create: (settings: ProviderSettings) => Provider

  constructor(started: CompiledConfig, create: (settings: ProviderSettings) => Provider) {
    this.started = started
    this.configured = started
    this.config = started
    this.create = create
    this.hosts = providerHosts(started)
    this.revision = {
      snapshot: started.routing,
      providers: renewProviders(started.providers, new Map(), create),
      ...limitsOf(started),
    }
  }

  readonly snapshot = (): RoutingSnapshot => this.revision.snapshot

  /** Host of a provider's base URL; empty when there is none. */
  readonly hostOf = (provider: ProviderId): string => this.hosts.get(provider) ?? ''

  /** The providers of another configuration; those that are not changed are the ones at work. Throws `config_invalid`. */
  renewed(next: CompiledConfig): Providers {
    return renewProviders(next.providers, this.revision.providers, this.create)
  }

  /** Works with another configuration from now on. `providers` are those of it with the keys that were rotated. */
  take(wanted: CompiledConfig, providers: Providers, revision: number): void {
    const next = this.rotated(wanted)
    const snapshot = { ...next.routing, revision }
    this.configured = wanted
    this.config = next
    this.hosts = providerHosts(next)
    this.revision = { snapshot, providers, ...limitsOf(next) }
  }

  /** The number that the history gives the configuration at work. */
  renumber(revision: number): void {
    this.revision = { ...this.revision, snapshot: { ...this.revision.snapshot, revision } }
  }

  /** The configuration with the keys that were put in the place of its own while the gateway ran. */
  rotated(config: CompiledConfig): CompiledConfig {
    return this.rotatedKeys.appliedTo(config)
  }

  /** An account's new key, in the place of what it has now. */
  rotation(provider: ProviderId, account: AccountId, key: Secret): RotatedKey {
    return this.rotatedKeys.inPlaceOf(this.configured, { provider, account, key })
  }

  /**
   * Sends other keys from now on. What was sent with those before goes on. Each is used until the configuration has one that it was not put in
   * the place of, or to the end.
   */
  useKeys(keys: readonly RotatedKey[]): void {
    for (const key of keys) this.rotatedKeys.put(key)
    this.config = this.rotated(this.configured)
    this.revision = { ...this.revision, providers: this.renewed(this.config) }
  }

  /** A provider of its own with one account and this key, to try it with. */
  trial(provider: ProviderId, account: AccountId, key: Secret): Provider | undefined {
    const settings = this.config.providers.find(({ id }) => id === provider)
    const known = settings?.accounts.find(({ id }) => id === account)
    if (settings === undefined || known === undefined) return undefined
    return this.create({ ...settings, accounts: [{ ...known, apiKey: key, credential: undefined }] })
  }

  /** Accounts of all providers, and how each of them takes turns. */
  get pooled(): PooledProvider[] {
    const { accountSelection } = this.config.routing.resilience
    return [...this.revision.providers.values()].map(({ id, settings }) => {
      const selection = accountSelection.get(id)
      return {
        id,
        endpoint: settings.baseUrl,
        accounts: settings.accounts,
        selection: selection?.mode,
        sticky: selection?.sticky,
      }
    })
  }

  /** What the stores have to know of the configuration. */
  get stateSettings(): StateChange {
    const { routing, state } = this.config
    return {
      retentionMs: state.retentionMs,
      auditRetentionMs: state.auditRetentionMs,
      ledger: state.ledger,
      health: healthSettingsOf(routing.resilience, routing.providers.keys()),
      scorecards: routing.resilience.scorecard,
    }
  }
}

const limitsOf = ({ server }: CompiledConfig): Pick<Revision, 'stream' | 'maxAnswerBytes' | 'media'> => ({
  stream: server.stream,
  maxAnswerBytes: server.maxResponseBytes ?? Number.POSITIVE_INFINITY,
  media: server.media,
})
