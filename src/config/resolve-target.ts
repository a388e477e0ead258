import { asProviderId, targetIdOf, type ProviderId } from '../ir/ids.ts'
import type { Target } from '../ir/target.ts'
import { nearest } from '../lib/nearest.ts'
import type { ProviderSettings } from '../providers/provider.settings.schema.ts'
import type { ConfigParts } from './compile-context.ts'
import type { ConfigPath } from './config-path.ts'
import type { ConfigNotes } from './problem.ts'
import { showText } from './secrecy.ts'

/** The target of `provider/model`; undefined when there is no such provider, which has then been noted. */
export type ResolveTarget = (text: string, path: ConfigPath) => Target | undefined

export type ProvidersById = ReadonlyMap<ProviderId, ProviderSettings>

export function targetResolver(parts: ConfigParts, byId: ProvidersById, notes: ConfigNotes): ResolveTarget {
  return (text, path) => {
    const slash = text.indexOf('/')
    const [id, model] = [text.slice(0, slash), text.slice(slash + 1)]
    const provider = byId.get(asProviderId(id))
    if (provider !== undefined) return { id: targetIdOf(id, model), provider: provider.id, model, format: provider.format }
    if (!parts.declaredProviders.has(id)) tellUnknownProvider(id, path, parts, notes)
    return undefined
  }
}

export function tellUnknownProvider(id: string, path: ConfigPath, parts: ConfigParts, notes: ConfigNotes): void {
  const known = [...parts.declaredProviders]
  const suggestion = nearest(id, known)
  const hint =
    suggestion === undefined
      ? 'Add it to `providers`, or correct the part before the first slash.'
      : `Did you mean ${suggestion}?`
  const expected = known.length === 0 ? 'a configured provider' : `one of ${known.join(', ')}`
  notes.problem(path, `No provider is called ${showText(id)}. ${hint}`, { expected, found: showText(id), suggestion })
}

/** The targets of a list, each once. A repeated one is told. */
export function distinctTargets(
  list: readonly string[],
  path: ConfigPath,
  resolveTarget: ResolveTarget,
  notes: ConfigNotes,
): Target[] {
  const targets: Target[] = []
  const seen = new Set<string>()
  for (const [index, text] of list.entries()) {
    const at = [...path, index]
    const target = resolveTarget(text, at)
    if (target === undefined) continue
    if (seen.has(target.id)) notes.warning(at, 'This target stands here already; it is tried only once. Remove one.')
    else targets.push(target)
    seen.add(target.id)
  }
  return targets
}
