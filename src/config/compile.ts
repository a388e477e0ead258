import { resolve } from 'node:path'
import type { ServerSettings } from '../http/server.settings.schema.ts'
import type { LimitSettings } from '../ir/limits.ts'
import type { RoutingSnapshot } from '../ir/snapshot.ts'
import { durationMs } from '../lib/config-fields.ts'
import type { ProviderSettings } from '../providers/provider.settings.schema.ts'
import type { StateSettings } from '../state/state.schema.ts'
import { configOf, type CompileContext, type ConfigParts } from './compile-context.ts'
import { compileLimits } from './compile-limits.ts'
import { compileProviders } from './compile-providers.ts'
import { compileRouting } from './compile-routing.ts'
import { compileServer } from './compile-server.ts'
import { impliedProviders } from './implied-providers.ts'
import { withHome } from './locate.ts'
import type { ConfigNotes } from './problem.ts'
import { configHash } from './redact.ts'
import { showText } from './secrecy.ts'

/** What the other layers are built from. */
export interface CompiledConfig {
  readonly server: ServerSettings
  readonly providers: readonly ProviderSettings[]
  readonly routing: RoutingSnapshot
  readonly limits: LimitSettings
  readonly state: StateSettings
  readonly policyTests: readonly PolicyTestFile[]
}

/** A file of policy tests that must pass before the configuration is taken. */
export interface PolicyTestFile {
  /** Absolute. */
  readonly path: string
  readonly text: string
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
  const policyTests = compilePolicyTests(parts, context, notes)
  const limits = compileLimits(parts, server.apiKeys, notes)
  return { server, providers, routing, limits, state: compileState(parts, context), policyTests }
}

function compileState({ state, retention }: ConfigParts, { baseDirectory, home }: CompileContext): StateSettings {
  const { store } = state
  return {
    store: store === undefined || store === 'memory' ? store : resolve(baseDirectory, withHome(store, home)),
    retentionMs: durationMs(retention.requests),
  }
}

function compilePolicyTests({ policyTests }: ConfigParts, context: CompileContext, notes: ConfigNotes): PolicyTestFile[] {
  return policyTests.flatMap(({ value, path: place }) => {
    const path = resolve(context.baseDirectory, withHome(value, context.home))
    try {
      return [{ path, text: context.readText(path) }]
    } catch (error) {
      const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable'
      notes.problem(place, `The policy tests ${showText(path)} cannot be read (${reason}). Check the path and its rights.`)
      return []
    }
  })
}
