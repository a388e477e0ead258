import type { AllowList } from '../ir/principal.ts'
import type { ServerSettings } from '../http/server.settings.schema.ts'
import type { LimitSettings } from '../ir/limits.ts'
import type { RoutingSnapshot } from '../ir/snapshot.ts'
import { durationMs } from '../lib/config-fields.ts'
import type { ProviderSettings } from '../providers/provider.settings.schema.ts'
import type { MediaSettings } from '../engine/media/media.schema.ts'
import { anyWay } from '../transport/egress.settings.schema.ts'
import type { AlertSettings } from '../observability/alerts/alerts.schema.ts'
import type { TelemetrySettings } from '../observability/telemetry.schema.ts'
import type { CaptureSettings } from '../state/captures/captures.schema.ts'
import type { StateSettings } from '../state/state.schema.ts'
import { EgressTable } from './compile-egress.ts'
import type { VaultSettings } from '../vault/vault.schema.ts'
import { compileAlerts } from './compile-alerts.ts'
import { configOf, type CompileContext, type ConfigParts } from './compile-context.ts'
import { compileLimits } from './compile-limits.ts'
import { compileProviders } from './compile-providers.ts'
import { compileRouting } from './compile-routing.ts'
import { compileServer } from './compile-server.ts'
import { compileState } from './compile-state.ts'
import { compileTelemetry } from './compile-telemetry.ts'
import { impliedProviders } from './implied-providers.ts'
import { configuredPath } from './locate.ts'
import type { ConfigNotes } from './problem.ts'
import { configHash } from './redact.ts'
import { showText } from './secrecy.ts'
import { compileTenantLists } from './compile-tenant-lists.ts'
import { warnOfPrivateNetworks } from './private-networks.ts'
import { compileVault } from './vault-references.ts'
import type { WrittenSource } from './written-config.ts'

/** What the other layers are built from. */
export interface CompiledConfig {
  readonly server: ServerSettings
  readonly providers: readonly ProviderSettings[]
  readonly routing: RoutingSnapshot
  readonly limits: LimitSettings
  readonly state: StateSettings
  /** Names of the tenants that the configuration declares. */
  readonly tenants: readonly string[]
  /** What tenants are confined to, by name; a tenant without an entry is not. */
  readonly tenantLists: ReadonlyMap<string, AllowList>
  readonly policyTests: readonly PolicyTestFile[]
  readonly telemetry: TelemetrySettings
  readonly alerts: AlertSettings
  readonly capture: CaptureSettings
  readonly vault: VaultSettings
  /** What it was made of, for the history of configurations. */
  readonly written: WrittenSource
}

/** A file of policy tests that must pass before the configuration is taken. */
export interface PolicyTestFile {
  /** As the configuration names it. */
  readonly name: string
  /** Absolute. */
  readonly path: string
  readonly text: string
}

/**
 * Resolves keys, addresses, targets and files of a configuration, or of what could be read of it. The result is only usable when no
 * problem was noted.
 */
export function compileParts(
  given: ConfigParts,
  context: CompileContext,
  notes: ConfigNotes,
  written: WrittenSource,
): CompiledConfig {
  const implied = impliedProviders(given, notes)
  const parts: ConfigParts = {
    ...given,
    providers: [...given.providers, ...implied],
    declaredProviders: new Set([...given.declaredProviders, ...implied.map(({ value }) => value.id)]),
  }
  const ways = new EgressTable(parts, context, notes)
  const tenantLists = compileTenantLists(parts, notes)
  const server = { ...confinedTo(tenantLists, compileServer(parts, context, notes)), media: compileMedia(parts, ways) }
  const providers = compileProviders({ parts, ways, context }, notes)
  warnOfPrivateNetworks(parts, server, notes)
  const routing = compileRouting({ parts, providers, configHash: configHash(configOf(parts)) }, context, notes)
  const policyTests = compilePolicyTests(parts, context, notes)
  const limits = compileLimits(parts, server.apiKeys, notes)
  const telemetry = compileTelemetry(parts, ways, context, notes)
  const alerts = compileAlerts(parts, ways, context, notes)
  const capture = compileCapture(parts)
  const tenants = parts.tenants.map(({ value }) => value.id)
  const state = compileState(parts, context, notes)
  const vault = compileVault(parts, context)
  const watching = { telemetry, alerts, capture }
  return { server, providers, routing, limits, state, tenants, tenantLists, policyTests, ...watching, vault, written }
}

/** Keys of the configuration are confined to what their tenants may use. */
const confinedTo = (lists: CompiledConfig['tenantLists'], server: ServerSettings): ServerSettings =>
  lists.size === 0
    ? server
    : {
        ...server,
        apiKeys: server.apiKeys.map((key) => (key.tenant === undefined ? key : { ...key, allowed: lists.get(key.tenant) })),
      }

const MIB = 1024 * 1024

/** Undefined when no media is fetched. It leaves by the default way. */
function compileMedia({ server: { media } }: ConfigParts, ways: EgressTable): MediaSettings | undefined {
  if (!media.inline_urls) return undefined
  const egress = ways.pathFor({ named: [], publicOnly: !media.allow_private, trusted: [] }) ?? anyWay(false)
  return {
    hosts: media.hosts.map((host) => host.toLowerCase().replace(/\.$/, '')),
    maxBytes: media.max_bytes,
    timeoutMs: media.timeout_ms,
    egress,
  }
}

/** Spans are checked by the schema: none of them is for ever. */
function compileCapture({ capture }: ConfigParts): CaptureSettings {
  return {
    enabled: capture.enabled,
    recipients: capture.recipients,
    longestMs: durationMs(capture.longest) ?? 0,
    retentionMs: durationMs(capture.retention) ?? 0,
    maxBytes: capture.max_mb * MIB,
  }
}

function compilePolicyTests({ policyTests }: ConfigParts, context: CompileContext, notes: ConfigNotes): PolicyTestFile[] {
  const { policyTexts } = context
  return policyTests.flatMap(({ value: name, path: place }) => {
    const path = configuredPath(name, context)
    if (policyTexts !== undefined) {
      const text = policyTexts.get(path)
      if (text !== undefined) return [{ name, path, text }]
      // Nobody who publishes gets to see files of a gateway.
      notes.problem(
        place,
        `The text of the policy tests ${showText(name)} did not come along. Send it in \`policy_files\`, by this name.`,
      )
      return []
    }
    try {
      return [{ name, path, text: context.readText(path) }]
    } catch (error) {
      const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable'
      notes.problem(place, `The policy tests ${showText(path)} cannot be read (${reason}). Check the path and its rights.`)
      return []
    }
  })
}
