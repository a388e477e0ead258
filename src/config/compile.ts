import type { ServerSettings } from '../http/server.settings.schema.ts'
import type { RoutingSnapshot } from '../ir/snapshot.ts'
import type { ProviderSettings } from '../providers/provider.settings.schema.ts'
import type { StateSettings } from '../state/state.schema.ts'
import { configOf, type CompileContext, type ConfigParts } from './compile-context.ts'
import { compileProviders } from './compile-providers.ts'
import { compileRouting } from './compile-routing.ts'
import { compileServer } from './compile-server.ts'
import { compileState } from './compile-state.ts'
import { impliedProviders } from './implied-providers.ts'
import type { ConfigNotes } from './problem.ts'
import { configHash } from './redact.ts'

/** What the other layers are built from. */
export interface CompiledConfig {
  readonly server: ServerSettings
  readonly providers: readonly ProviderSettings[]
  readonly routing: RoutingSnapshot
  readonly state: StateSettings
}

/**
 * Resolves keys, addresses, targets and files of a configuration, or of what could be read of it. The result is only usable when no
 * problem was noted.
 */
export function compileParts(given: ConfigParts, context: CompileContext, notes: ConfigNotes): CompiledConfig {
  const implied = impliedProviders(given, notes)
  const parts: ConfigParts = {
    ...given,
    providers: [...given.providers, ...implied],
    declaredProviders: new Set([...given.declaredProviders, ...implied.map(({ value }) => value.id)]),
  }
  const server = compileServer(parts, context, notes)
  const providers = compileProviders(parts, context, notes)
  const routing = compileRouting({ parts, providers, configHash: configHash(configOf(parts)) }, context, notes)
  return { server, providers, routing, state: compileState(parts, context, notes) }
}
