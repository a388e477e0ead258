import { asProviderId, targetIdOf, type ProviderId } from '../ir/ids.ts'
import type { Route, RoutingSnapshot, Timeouts } from '../ir/snapshot.ts'
import type { Target } from '../ir/target.ts'
import { nearest } from '../lib/nearest.ts'
import type { ProviderSettings } from '../providers/provider.settings.schema.ts'
import type { RouteConfig } from '../routing/route.schema.ts'
import type { CompileContext, ConfigParts, Located } from './compile-context.ts'
import { factsOf } from './compile-providers.ts'
import { listModelIds } from './model-ids.ts'
import type { ConfigPath } from './config-path.ts'
import type { ConfigNotes } from './problem.ts'
import { showText } from './secrecy.ts'

interface RoutingInput {
  readonly parts: ConfigParts
  readonly providers: readonly ProviderSettings[]
  readonly configHash: string
}

type Defaults = RoutingSnapshot['defaults']

/** Everything a decision depends on, with every target resolved. */
export function compileRouting(
  { parts, providers, configHash }: RoutingInput,
  context: CompileContext,
  notes: ConfigNotes,
): RoutingSnapshot {
  const byId = new Map(providers.map((provider) => [provider.id, provider]))
  const defaults: Defaults = {
    timeouts: timeoutsOf(parts.server.timeouts),
    maxRetries: parts.server.retry.max_retries,
    translation: parts.server.translation,
    responseModel: 'requested',
  }
  const resolveTarget = targetResolver(parts, byId, notes)
  const { routes, wildcard } = compileRoutes(parts, defaults, resolveTarget, notes)
  const defaultProvider = defaultProviderOf(parts, byId, notes)
  if (providers.length === 0 && parts.declaredProviders.size === 0)
    notes.warning(['providers'], 'No provider is configured, so no request can be served. Add one to `providers`.')
  return {
    revision: context.revision,
    configHash,
    routes,
    wildcard,
    providers: new Map(providers.map((provider) => [provider.id, factsOf(provider)])),
    defaultProvider,
    vendorPrefixes: (context.vendorPrefixes ?? []).map(({ prefix, provider }) => ({ prefix, provider: asProviderId(provider) })),
    defaults,
    modelIds: listModelIds(parts.routes, providers, parts.providers),
  }
}

const timeoutsOf = (timeouts: ConfigParts['server']['timeouts']): Timeouts => ({
  connectMs: timeouts.connect_ms,
  firstTokenMs: timeouts.first_token_ms,
  idleMs: timeouts.read_ms,
  totalMs: timeouts.total_ms ?? undefined,
})

type ResolveTarget = (text: string, path: ConfigPath) => Target | undefined

function targetResolver(parts: ConfigParts, byId: ReadonlyMap<ProviderId, ProviderSettings>, notes: ConfigNotes): ResolveTarget {
  return (text, path) => {
    const slash = text.indexOf('/')
    const [id, model] = [text.slice(0, slash), text.slice(slash + 1)]
    const provider = byId.get(asProviderId(id))
    if (provider !== undefined) return { id: targetIdOf(id, model), provider: provider.id, model, format: provider.format }
    if (!parts.declaredProviders.has(id)) tellUnknownProvider(id, path, parts, notes)
    return undefined
  }
}

function tellUnknownProvider(id: string, path: ConfigPath, parts: ConfigParts, notes: ConfigNotes): void {
  const known = [...parts.declaredProviders]
  const suggestion = nearest(id, known)
  const hint =
    suggestion === undefined
      ? 'Add it to `providers`, or correct the part before the first slash.'
      : `Did you mean ${suggestion}?`
  const expected = known.length === 0 ? 'a configured provider' : `one of ${known.join(', ')}`
  notes.problem(path, `No provider is called ${showText(id)}. ${hint}`, { expected, found: showText(id), suggestion })
}

function compileRoutes(
  parts: ConfigParts,
  defaults: Defaults,
  resolveTarget: ResolveTarget,
  notes: ConfigNotes,
): { routes: Map<string, Route>; wildcard: Route | undefined } {
  const routes = new Map<string, Route>()
  const names = new Set<string>()
  let wildcard: Route | undefined
  const taken = (model: string, path: ConfigPath, owner: string): void =>
    notes.problem(
      path,
      `The model name ${showText(model)} already leads to route ${showText(owner)}; a second route would never be used. Remove one, or make its targets fallbacks.`,
    )
  for (const located of parts.routes) {
    const { value, path } = located
    if (names.has(value.name))
      notes.problem(
        [...path, 'name'],
        `Two routes are named ${showText(value.name)}, so records could not tell them apart. Rename one.`,
      )
    names.add(value.name)
    const route = compileRoute(located, defaults, resolveTarget, notes)
    for (const { model, at } of modelNames(located)) {
      const owner = model === '*' ? wildcard : routes.get(model)
      if (owner !== undefined) taken(model, at, owner.name)
      else if (model === '*') wildcard = route
      else routes.set(model, route)
    }
  }
  return { routes, wildcard }
}

const modelNames = ({ value, path }: Located<RouteConfig>): { model: string; at: ConfigPath }[] => [
  { model: value.match.model, at: [...path, 'match', 'model'] },
  ...value.aliases.map((model, index) => ({ model, at: [...path, 'aliases', index] })),
]

function compileRoute(
  { value, path }: Located<RouteConfig>,
  defaults: Defaults,
  resolveTarget: ResolveTarget,
  notes: ConfigNotes,
): Route {
  const targets: Target[] = []
  for (const [index, text] of value.targets.entries()) {
    const at = [...path, 'targets', index]
    const target = resolveTarget(text, at)
    if (target === undefined) continue
    if (targets.some((earlier) => earlier.id === target.id))
      notes.warning(at, 'This target stands in the route already; it is tried only once. Remove one.')
    else targets.push(target)
  }
  if (value.targets.length === 0)
    notes.problem([...path, 'targets'], 'The route leads nowhere. Name at least one target, as `provider/model`.', { wants: [] })
  const { timeouts, retry } = value
  const totalMs = timeouts.total_ms === undefined ? defaults.timeouts.totalMs : (timeouts.total_ms ?? undefined)
  return {
    name: value.name,
    targets,
    timeouts: {
      connectMs: timeouts.connect_ms ?? defaults.timeouts.connectMs,
      firstTokenMs: timeouts.first_token_ms ?? defaults.timeouts.firstTokenMs,
      idleMs: timeouts.read_ms ?? defaults.timeouts.idleMs,
      totalMs,
    },
    maxRetries: retry.max_retries ?? defaults.maxRetries,
    translation: value.translation ?? defaults.translation,
    responseModel: value.response_model,
    requirements: { minContextTokens: value.require.min_context_tokens },
  }
}

function defaultProviderOf(
  parts: ConfigParts,
  byId: ReadonlyMap<ProviderId, ProviderSettings>,
  notes: ConfigNotes,
): ProviderId | undefined {
  const { default_provider: id } = parts.server
  if (id === undefined) return undefined
  if (byId.has(asProviderId(id))) return asProviderId(id)
  if (!parts.declaredProviders.has(id)) tellUnknownProvider(id, ['server', 'default_provider'], parts, notes)
  return undefined
}
