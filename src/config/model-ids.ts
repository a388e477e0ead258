import { targetIdOf } from '../ir/ids.ts'
import { MOCK_MODEL_NAMES, type ProviderConfig } from '../providers/provider.schema.ts'
import type { ProviderSettings } from '../providers/provider.settings.schema.ts'
import type { RouteConfig } from '../routing/route.schema.ts'
import type { Located } from './compile-context.ts'

/**
 * Ids that `GET /v1/models` lists, each once: per route the names it answers to and its targets, then the models that providers
 * name in the configuration, then those every mock has.
 */
export function listModelIds(
  routes: readonly Located<RouteConfig>[],
  providers: readonly ProviderSettings[],
  configured: readonly Located<ProviderConfig>[],
): string[] {
  const known = new Set<string>(providers.map((provider) => provider.id))
  const ids = new Set<string>()
  for (const { value } of routes) {
    for (const name of [value.match.model, ...value.aliases, ...value.targets]) if (name !== '*') ids.add(name)
  }
  for (const { value } of configured) {
    if (!known.has(value.id)) continue
    for (const model of value.models) ids.add(targetIdOf(value.id, typeof model === 'string' ? model : model.name))
    if (value.type === 'mock') for (const name of MOCK_MODEL_NAMES) ids.add(targetIdOf(value.id, name))
  }
  return [...ids]
}
