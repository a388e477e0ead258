import { providerSchema } from '../providers/provider.schema.ts'
import { ENVIRONMENT_PRESETS } from '../providers/presets/index.ts'
import type { ConfigParts, Located } from './compile-context.ts'
import type { ProviderConfig } from '../providers/provider.schema.ts'
import type { ConfigPath } from './config-path.ts'
import type { ConfigNotes } from './problem.ts'

/**
 * Providers that are used and not configured, and whose name leaves no doubt: a well-known vendor (its address, and its usual
 * variable for the key) or the mock. Each is announced in a warning.
 */
export function impliedProviders(parts: ConfigParts, notes: ConfigNotes): Located<ProviderConfig>[] {
  const implied = new Map<string, Located<ProviderConfig>>()
  for (const { id, path } of usedProviders(parts)) {
    if (parts.declaredProviders.has(id) || implied.has(id)) continue
    const vendor = ENVIRONMENT_PRESETS.find((candidate) => candidate.id === id)
    if (vendor === undefined && id !== 'mock') continue
    const input =
      vendor === undefined
        ? { id, type: 'mock' }
        : { id, type: vendor.type, base_url: vendor.baseUrl, api_key_env: vendor.keyVariable }
    implied.set(id, { value: providerSchema.parse(input), path })
    const what =
      vendor === undefined ? 'the built-in mock is used' : `${vendor.baseUrl} is used, with the key in ${vendor.keyVariable}`
    notes.warning(path, `Provider ${id} is not configured; ${what}. Add it to \`providers\` to say so yourself.`)
  }
  return [...implied.values()]
}

function usedProviders(parts: ConfigParts): { id: string; path: ConfigPath }[] {
  const used = [
    ...parts.routes.flatMap(({ value, path }) => named(value.targets, [...path, 'targets'])),
    ...parts.combos.flatMap(({ value, path }) => [
      ...named(value.targets, [...path, 'targets']),
      ...named(value.models, [...path, 'models']),
    ]),
  ]
  const { default_provider: id } = parts.server
  return id === undefined ? used : [...used, { id, path: ['server', 'default_provider'] }]
}

const named = (targets: readonly string[] | undefined, path: ConfigPath): { id: string; path: ConfigPath }[] =>
  (targets ?? []).map((target, index) => ({ id: target.slice(0, target.indexOf('/')), path: [...path, index] }))
