import type { RouteDecision } from '../ir/decision.ts'
import type { FactsOf, TargetFacts } from '../ir/snapshot.ts'
import type { Target } from '../ir/target.ts'
import { snakeKeys } from '../lib/key-case.ts'
import { recordedFacts } from '../routing/recorded-facts.ts'

/**
 * A recorded decision whose candidates have the facts that another configuration gives them. What the operator declares and tags comes from
 * `factsOf`; what the catalogue and the price lists said stays as it was recorded, so that an unchanged configuration changes nothing.
 */
export function rebaseFacts(decision: RouteDecision, factsOf: FactsOf): RouteDecision {
  if (decision.candidates === undefined) return decision
  const candidates = decision.candidates.map((candidate) => {
    const kept = recordedFacts(candidate.facts)
    const fresh = factsOf({
      id: candidate.target_id,
      provider: candidate.provider,
      model: candidate.model,
      format: candidate.format,
    } as Target)
    const facts = rebased(kept, fresh)
    return facts === kept ? candidate : { ...candidate, facts: snakeKeys(facts) as typeof candidate.facts }
  })
  return { ...decision, candidates }
}

function rebased(kept: TargetFacts, fresh: TargetFacts): TargetFacts {
  if (sameData(kept.declared, fresh.declared) && sameData(kept.tags, fresh.tags)) return kept
  const before = kept.declared ?? {}
  const catalogued = Object.fromEntries(Object.entries(kept.capabilities).filter(([name]) => !Object.hasOwn(before, name)))
  return {
    ...kept,
    capabilities: { ...fresh.capabilities, ...catalogued, ...Object.fromEntries(told(fresh.declared)) },
    declared: fresh.declared,
    contextWindow:
      fresh.declared?.maxContextTokens ?? (before.maxContextTokens === undefined ? kept.contextWindow : fresh.contextWindow),
    maxOutputTokens:
      fresh.declared?.maxOutputTokens ?? (before.maxOutputTokens === undefined ? kept.maxOutputTokens : fresh.maxOutputTokens),
    tags: fresh.tags,
  }
}

/** Records have lost members that were undefined, and those that were never there are the same. */
const sameData = (left: object | undefined, right: object | undefined): boolean => text(left) === text(right)

const text = (value: object | undefined): string =>
  JSON.stringify(Array.isArray(value) ? value : told(value).sort(([left], [right]) => (left < right ? -1 : 1)))

const told = (value: object | undefined): [string, unknown][] =>
  Object.entries(value ?? {}).filter(([, inner]) => inner !== undefined)
