import type { ModelCard } from '../ir/model-card.ts'
import type { FactsOf, RoutingSnapshot } from '../ir/snapshot.ts'
import type { Target } from '../ir/target.ts'
import { resolveRoute } from '../routing/resolve-route.ts'

/** What lists of models say about one: what is known of the first target it leads to. */
export function modelCardOf(routing: RoutingSnapshot, id: string, factsOf: FactsOf): ModelCard | undefined {
  const target = firstTarget(routing, id)
  if (target === undefined) return undefined
  const { capabilities, contextWindow, maxOutputTokens } = factsOf(target)
  const { toolCalling, visionIn, reasoning } = capabilities
  return { contextWindow, maxOutputTokens, toolCalling, visionIn, reasoning }
}

function firstTarget(routing: RoutingSnapshot, id: string): Target | undefined {
  try {
    return resolveRoute(routing, { model: id }).route.targets[0]
  } catch {
    return undefined // a listed name that leads nowhere simply has no card
  }
}
