import type { TargetId } from '../ir/ids.ts'
import { PROFILE_NAMES, STRATEGY_NAMES, type SelectionPolicy, type StrategyChoice } from '../ir/routing-policy.ts'
import { nearest } from '../lib/nearest.ts'
import type { RouteConfig } from '../routing/route.schema.ts'
import type { ConfigParts, Located } from './compile-context.ts'
import type { ConfigNotes } from './problem.ts'
import { showText } from './secrecy.ts'

const NANOS = 1_000_000_000

/** How routes choose that say nothing about it. */
export function defaultSelection({ server }: ConfigParts): SelectionPolicy {
  const deny = (['free', 'promo', 'aggregator'] as const).filter((lane) => !server[`cost_allow_${lane}`])
  const strategy: StrategyChoice = server.cost_aware
    ? { name: 'lowest_cost', chosenBy: 'server' }
    : server.latency_aware
      ? { name: 'least_latency', chosenBy: 'server' }
      : { name: 'ordered_fallback', chosenBy: 'default' }
  return {
    strategy,
    affinity: usualAffinity(strategy),
    lanes: { deny, require: [] },
    maxPricePerMillion: server.cost_max_per_mtok === null ? undefined : nanos(server.cost_max_per_mtok),
    unknownPrice: server.cost_unknown,
    unknownContext: server.context_unknown,
  }
}

/** How one route chooses. Restrictions add to those of `server`, preferences replace them. */
export function compileSelection(
  { value, path }: Located<RouteConfig>,
  defaults: SelectionPolicy,
  parts: ConfigParts,
  notes: ConfigNotes,
): SelectionPolicy {
  const strategy = strategyOf({ value, path }, defaults, parts, notes)
  const ceilings = [
    defaults.maxPricePerMillion,
    value.cost_max_per_mtok === undefined ? undefined : nanos(value.cost_max_per_mtok),
  ]
  const known = ceilings.filter((ceiling) => ceiling !== undefined)
  return {
    strategy,
    affinity: value.affinity ?? usualAffinity(strategy),
    lanes: { deny: [...new Set([...defaults.lanes.deny, ...value.lanes.deny])], require: value.lanes.require },
    maxPricePerMillion: known.length === 0 ? undefined : Math.min(...known),
    unknownPrice: value.cost_unknown ?? defaults.unknownPrice,
    unknownContext: value.context_unknown ?? defaults.unknownContext,
  }
}

function strategyOf(
  { value, path }: Located<RouteConfig>,
  defaults: SelectionPolicy,
  parts: ConfigParts,
  notes: ConfigNotes,
): StrategyChoice {
  const { strategy: name, weights } = value
  if (weights !== undefined && name !== 'weighted_random')
    notes.warning([...path, 'weights'], 'Weights are used by `strategy: weighted_random` only. Set it, or remove them.', {
      atKey: true,
    })
  if (name === undefined) return defaults.strategy
  const known: string[] = [...STRATEGY_NAMES, ...PROFILE_NAMES, ...parts.profiles.map((profile) => profile.value.name)]
  if (!known.includes(name)) {
    const suggestion = nearest(name, known)
    const hint = suggestion === undefined ? `Known are ${known.join(', ')}.` : `Did you mean ${suggestion}?`
    notes.problem([...path, 'strategy'], `There is no strategy ${showText(name)}. ${hint}`, {
      expected: `one of ${known.join(', ')}`,
      found: showText(name),
      suggestion,
    })
    return defaults.strategy
  }
  return name === 'weighted_random' && weights !== undefined
    ? { name, chosenBy: 'route', weights: weightsOf(value, [...path, 'weights'], notes) }
    : { name, chosenBy: 'route' }
}

function weightsOf(
  { weights = {}, targets }: RouteConfig,
  path: Located<RouteConfig>['path'],
  notes: ConfigNotes,
): Map<TargetId, number> {
  for (const name of Object.keys(weights)) {
    if (targets.includes(name)) continue
    const suggestion = nearest(name, targets)
    const hint = suggestion === undefined ? 'Add it to `targets`, or remove it here.' : `Did you mean ${suggestion}?`
    notes.problem([...path, name], `The route has no target ${showText(name)}. ${hint}`, { atKey: true, suggestion })
  }
  if (targets.length > 0 && targets.every((name) => weights[name] === 0))
    notes.problem(path, 'Every weight is 0, so nothing could be drawn. Give one target a weight above 0.')
  return new Map(Object.entries(weights).map(([name, weight]) => [name as TargetId, weight]))
}

/**
 * An order the operator wrote down is kept, with the account that has the prompt cached; what reads chance or measurements would change its
 * mind in the middle of a conversation.
 */
const usualAffinity = ({ name }: StrategyChoice): SelectionPolicy['affinity'] =>
  name === 'ordered_fallback' ? 'account' : 'session'

const nanos = (dollars: number): number => Math.round(dollars * NANOS)
