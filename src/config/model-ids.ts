import { targetIdOf } from '../ir/ids.ts'
import { MOCK_MODEL_NAMES } from '../providers/provider.schema.ts'
import type { ProviderSettings } from '../providers/provider.settings.schema.ts'
import type { ConfigParts } from './compile-context.ts'

/**
 * Ids that `GET /v1/models` lists, each once: per route the names it answers to (patterns are no names) and its targets, combos, score
 * profiles of the operator, then the models that providers name in the configuration, then those every mock has.
 */
export function listModelIds(parts: ConfigParts, providers: readonly ProviderSettings[]): string[] {
  const known = new Set<string>(providers.map((provider) => provider.id))
  const ids = new Set<string>()
  for (const { value } of parts.routes) {
    for (const name of [value.match.model, ...value.aliases]) if (!name.includes('*')) ids.add(name)
    for (const target of value.targets) ids.add(target)
  }
  for (const { value } of parts.combos) ids.add(`combo/${value.name}`)
  for (const { value } of parts.profiles) ids.add(value.name)
  for (const { value } of parts.providers) {
    if (!known.has(value.id)) continue
    for (const model of value.models) ids.add(targetIdOf(value.id, typeof model === 'string' ? model : model.name))
    if (value.type === 'mock') for (const name of MOCK_MODEL_NAMES) ids.add(targetIdOf(value.id, name))
  }
  return [...ids]
}
