import type { ProviderId } from '../ir/ids.ts'
import type { Capabilities } from '../ir/snapshot.ts'
import type { Target } from '../ir/target.ts'
import { catalogueFacts, type ModelEntry } from './model-facts.ts'

export interface KnownModelsOptions {
  /** Host of a provider's base URL; empty when there is none. */
  readonly hostOf: (provider: ProviderId) => string
  /** What the operator declared of a provider. */
  readonly declaredOf: (provider: ProviderId) => Capabilities | undefined
}

/** Model names come from clients, so the memory of them is bounded. */
const MOST_REMEMBERED = 4_096

/** What the catalogue knows of a target's model, the operator's own limits first. Remembered: the catalogue does not change. */
export function createKnownModels({ hostOf, declaredOf }: KnownModelsOptions): (target: Target) => ModelEntry {
  const known = new Map<string, ModelEntry>()
  return (target) => {
    let facts = known.get(target.id)
    if (facts !== undefined) return facts
    const declared = declaredOf(target.provider)
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
