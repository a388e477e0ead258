import type { ProviderId, TargetId } from '../ir/ids.ts'
import type { RoutingSnapshot } from '../ir/snapshot.ts'
import type { Target } from '../ir/target.ts'
import { catalogueFacts, type ModelEntry } from './model-facts.ts'

export interface KnownModelsOptions {
  /** What the operator declared of providers. A new map is a new configuration. */
  readonly snapshot: () => Pick<RoutingSnapshot, 'providers'>
  /** Host of a provider's base URL; empty when there is none. */
  readonly hostOf: (provider: ProviderId) => string
}

/** Model names come from clients, so the memory of them is bounded. */
const MOST_REMEMBERED = 4_096

/** What the catalogue knows of a target's model, the operator's own limits first. Remembered until the configuration is another one. */
export function createKnownModels({ snapshot, hostOf }: KnownModelsOptions): (target: Target) => ModelEntry {
  const known = new Map<TargetId, ModelEntry>()
  let providers: RoutingSnapshot['providers'] | undefined
  return (target) => {
    const current = snapshot().providers
    if (current !== providers) known.clear()
    providers = current
    let facts = known.get(target.id)
    if (facts !== undefined) return facts
    const declared = current.get(target.provider)?.capabilities
    const catalogued = catalogueFacts(target.provider, hostOf(target.provider), target.model)
    facts = {
      ...catalogued,
      contextWindow: declared?.maxContextTokens ?? catalogued.contextWindow,
      maxOutputTokens: declared?.maxOutputTokens ?? catalogued.maxOutputTokens,
    }
    if (known.size >= MOST_REMEMBERED) known.clear()
    known.set(target.id, facts)
    return facts
  }
}
