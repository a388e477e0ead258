import type { ApiKeyConfig, ServerConfig } from '../http/server.schema.ts'
import type { AlertsConfig } from '../observability/alerts/alerts.schema.ts'
import type { TelemetryConfig } from '../observability/telemetry.schema.ts'
import type { ProviderConfig } from '../providers/provider.schema.ts'
import type { ComboConfig } from '../routing/combo.schema.ts'
import type { ProfileConfig } from '../routing/profile.schema.ts'
import type { RouteConfig } from '../routing/route.schema.ts'
import type { CaptureConfig } from '../state/captures/captures.schema.ts'
import type { LedgerConfig, RetentionConfig, StateConfig } from '../state/state.schema.ts'
import type { EgressConfig } from '../transport/egress.schema.ts'
import type { VaultConfig } from '../vault/vault.schema.ts'
import type { Environment } from './env.ts'
import type { ConfigPath } from './config-path.ts'
import type { VaultView } from './vault-view.ts'
import type { Config, OwnerConfig, ProjectConfig, TenantConfig } from './schema.ts'

/** A part of the configuration and where it stands. */
export interface Located<Part> {
  readonly value: Part
  readonly path: ConfigPath
}

/** The configuration in the pieces that could be read; what could not is missing and has been noted. */
export interface ConfigParts {
  readonly server: ServerConfig
  readonly apiKeys: readonly Located<ApiKeyConfig>[]
  readonly tenants: readonly Located<TenantConfig>[]
  readonly projects: readonly Located<ProjectConfig>[]
  readonly owners: readonly Located<OwnerConfig>[]
  readonly providers: readonly Located<ProviderConfig>[]
  readonly egress: readonly Located<EgressConfig>[]
  readonly routes: readonly Located<RouteConfig>[]
  readonly combos: readonly Located<ComboConfig>[]
  readonly profiles: readonly Located<ProfileConfig>[]
  readonly policyTests: readonly Located<string>[]
  readonly state: StateConfig
  readonly ledger: LedgerConfig
  readonly retention: RetentionConfig
  readonly telemetry: TelemetryConfig
  readonly alerts: AlertsConfig
  readonly capture: CaptureConfig
  readonly vault: VaultConfig
  /** Ids of all providers in the document, also of those that could not be read. */
  readonly declaredProviders: ReadonlySet<string>
}

/** Everything outside the configuration that compiling it depends on. */
export interface CompileContext {
  readonly env: Environment
  readonly revision: number
  /** Absolute directory at which relative paths start: that of the configuration file. */
  readonly baseDirectory: string
  /** For paths that begin with `~/`. */
  readonly home: string
  /** Reads a text file; rejects paths by throwing. */
  readText(path: string): string
  /** Texts of policy tests that came along, by absolute path; without it they are read. */
  readonly policyTexts?: ReadonlyMap<string, string> | undefined
  /** Stands in for `server.bind`, as `serve --bind` does. */
  readonly bind?: string | undefined
  /** Undefined while nobody has opened it: accounts with keys from there are then left out without a word. */
  readonly vault?: VaultView | undefined
  /** Which provider takes model names that begin so, when no route knows them. */
  readonly vendorPrefixes?: readonly { readonly prefix: string; readonly provider: string }[] | undefined
}

/** The configuration as one value, for showing and hashing. */
export const configOf = (parts: ConfigParts): Config => ({
  server: parts.server,
  api_keys: parts.apiKeys.map(({ value }) => value),
  tenants: parts.tenants.map(({ value }) => value),
  projects: parts.projects.map(({ value }) => value),
  owners: parts.owners.map(({ value }) => value),
  providers: parts.providers.map(({ value }) => value),
  egress: parts.egress.map(({ value }) => value),
  routes: parts.routes.map(({ value }) => value),
  combos: parts.combos.map(({ value }) => value),
  profiles: parts.profiles.map(({ value }) => value),
  policy_tests: parts.policyTests.map(({ value }) => value),
  state: parts.state,
  ledger: parts.ledger,
  retention: parts.retention,
  telemetry: parts.telemetry,
  alerts: parts.alerts,
  capture: parts.capture,
  vault: parts.vault,
})
