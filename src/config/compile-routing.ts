import { durationMs } from '../lib/config-fields.ts'
import { asProviderId, targetIdOf, type ProviderId } from '../ir/ids.ts'
import type { Route, RoutingSnapshot, ScoreProfile, Timeouts } from '../ir/snapshot.ts'
import type { Target } from '../ir/target.ts'
import type { ProviderSettings } from '../providers/provider.settings.schema.ts'
import { compileCombos } from './compile-combos.ts'
import type { CompileContext, ConfigParts } from './compile-context.ts'
import { factsOf } from './compile-providers.ts'
import { compileResilience } from './compile-resilience.ts'
import { answerSchemaOf, compileRoutes, type Defaults } from './compile-routes.ts'
import { defaultSelection } from './compile-selection.ts'
import { listModelIds } from './model-ids.ts'
import type { ConfigNotes } from './problem.ts'
import { targetResolver, tellUnknownProvider, type ProvidersById } from './resolve-target.ts'

interface RoutingInput {
  readonly parts: ConfigParts
  readonly providers: readonly ProviderSettings[]
  readonly configHash: string
}

/** Everything a decision depends on, with every target resolved. */
export function compileRouting(
  { parts, providers, configHash }: RoutingInput,
  context: CompileContext,
  notes: ConfigNotes,
): RoutingSnapshot {
  const byId: ProvidersById = new Map(providers.map((provider) => [provider.id, provider]))
  const defaults: Defaults = {
    timeouts: timeoutsOf(parts.server.timeouts),
    maxRetries: parts.server.retry.max_retries,
    translation: parts.server.translation,
    strictSchemas: parts.server.strict_schema_downlevel,
    ...answerSchemaOf({}, parts.server),
    responseModel: 'requested',
    selection: defaultSelection(parts),
  }
  const resolveTarget = targetResolver(parts, byId, notes)
  const { all, ...found } = compileRoutes(parts, defaults, resolveTarget, notes)
  const combos = compileCombos(parts, defaults, resolveTarget, notes)
  const defaultProvider = defaultProviderOf(parts, byId, notes)
  if (providers.length === 0 && parts.declaredProviders.size === 0)
    notes.warning(['providers'], 'No provider is configured, so no request can be served. Add one to `providers`.')
  return {
    revision: context.revision,
    configHash,
    ...found,
    combos,
    targets: targetsOf([...all, ...combos.values()], parts, byId),
    profiles: profilesOf(parts, notes),
    clientStrategies: parts.server.client_strategies,
    providers: new Map(providers.map((provider) => [provider.id, factsOf(provider)])),
    defaultProvider,
    vendorPrefixes: (context.vendorPrefixes ?? []).map(({ prefix, provider }) => ({ prefix, provider: asProviderId(provider) })),
    defaults,
    modelIds: listModelIds(parts, providers),
    resilience: compileResilience(parts, notes),
    certificationMaxAgeMs: durationMs(parts.server.certification_max_age),
    inlinesMedia: parts.server.media.inline_urls,
    findsFormats: providers.some(({ findsFormat }) => findsFormat === true),
    sessions: { hashFirstMessage: parts.server.sessions.hash_first_message },
  }
}

const timeoutsOf = (timeouts: ConfigParts['server']['timeouts']): Timeouts => ({
  connectMs: timeouts.connect_ms,
  firstTokenMs: timeouts.first_token_ms,
  idleMs: timeouts.read_ms,
  totalMs: timeouts.total_ms ?? undefined,
})

/** Every target somebody wrote down, routes first; of a mock without models of its own the echo. */
function targetsOf(routes: readonly Route[], parts: ConfigParts, byId: ProvidersById): Target[] {
  const targets = new Map<string, Target>()
  const add = (target: Target): void => {
    if (!targets.has(target.id)) targets.set(target.id, target)
  }
  for (const route of routes) route.targets.forEach(add)
  for (const { value } of parts.providers) {
    const provider = byId.get(asProviderId(value.id))
    if (provider === undefined) continue
    const models = value.models.map((model) => (typeof model === 'string' ? model : model.name))
    if (models.length === 0 && value.type === 'mock') models.push('echo')
    for (const model of models) add({ id: targetIdOf(value.id, model), provider: provider.id, model, format: provider.format })
  }
  return [...targets.values()]
}

function profilesOf({ profiles }: ConfigParts, notes: ConfigNotes): Map<string, ScoreProfile> {
  const byName = new Map<string, ScoreProfile>()
  for (const { value, path } of profiles) {
    if (byName.has(value.name)) notes.problem([...path, 'name'], `Two profiles are named ${value.name}. Give each its own name.`)
    byName.set(value.name, { weights: value.weights, denyLanes: value.deny_lanes })
  }
  return byName
}

function defaultProviderOf(parts: ConfigParts, byId: ProvidersById, notes: ConfigNotes): ProviderId | undefined {
  const { default_provider: id } = parts.server
  if (id === undefined) return undefined
  if (byId.has(asProviderId(id))) return asProviderId(id)
  if (!parts.declaredProviders.has(id)) tellUnknownProvider(id, ['server', 'default_provider'], parts, notes)
  return undefined
}
