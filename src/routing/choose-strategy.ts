import { GatewayError } from '../errors/gateway-error.ts'
import type { DecisionQuestion } from '../ir/question.ts'
import type { ScoreWeights } from '../ir/routing-policy.ts'
import type { RoutingSnapshot, Route } from '../ir/snapshot.ts'
import { profileOf } from './profile.ts'
import { STRATEGIES } from './strategies/index.ts'
import type { Strategy } from './strategies/strategy.types.ts'

/** The strategy of one decision. */
export interface ChosenStrategy {
  /** As decisions name it: a strategy, or a profile. */
  readonly name: string
  readonly strategy: Strategy
  /** Weights of the score; undefined when the strategy does not score. */
  readonly weights: ScoreWeights | undefined
  readonly denyLanes: readonly string[]
  /** A line for the reasons, when the client's wish took part. */
  readonly note?: string | undefined
}

/** What a latency hint makes of `auto`, and of routes without a strategy of their own. */
const LATENCY = {
  interactive: { profile: 'auto/fast', strategy: 'least_latency' },
  batch: { profile: 'auto/cheap', strategy: 'lowest_cost' },
} as const

/**
 * The strategy of a route, or the one the client asks for where the operator allows it. Throws `forbidden` when it does not, and
 * `invalid_body` when there is no such strategy.
 */
export function chooseStrategy(snapshot: RoutingSnapshot, route: Route, hints: DecisionQuestion['hints']): ChosenStrategy {
  const { name, chosenBy } = route.selection.strategy
  if (hints?.strategy !== undefined) return hinted(snapshot, hints.strategy)
  const latency = hints?.latency
  if (latency === undefined) return strategyOf(snapshot, name)
  const wish = LATENCY[latency]
  if (name === 'auto') return { ...strategyOf(snapshot, wish.profile), note: `hint: latency=${latency} strategy=${wish.profile}` }
  if (snapshot.clientStrategies && chosenBy !== 'route')
    return { ...strategyOf(snapshot, wish.strategy), note: `hint: latency=${latency} strategy=${wish.strategy}` }
  return {
    ...strategyOf(snapshot, name),
    note: `hint: latency=${latency} changes nothing, the operator has set the order of this route`,
  }
}

function hinted(snapshot: RoutingSnapshot, wanted: string): ChosenStrategy {
  if (!snapshot.clientStrategies)
    throw new GatewayError(
      'forbidden',
      'This gateway does not let clients choose the strategy. Leave x-switchback-strategy out, or ask for `server.client_strategies`.',
      { param: 'x-switchback-strategy' },
    )
  if (!isStrategy(snapshot, wanted)) {
    const known = [...STRATEGIES.keys()].filter((name) => name !== SCORE).join(', ')
    throw new GatewayError('invalid_body', `There is no strategy of the name given. Known are ${known}, and the auto profiles.`, {
      param: 'x-switchback-strategy',
    })
  }
  return { ...strategyOf(snapshot, wanted), note: `hint: strategy=${wanted}` }
}

const SCORE = 'score'

const isStrategy = (snapshot: RoutingSnapshot, name: string): boolean =>
  name !== SCORE && (STRATEGIES.has(name) || profileOf(snapshot, name) !== undefined)

function strategyOf(snapshot: RoutingSnapshot, name: string): ChosenStrategy {
  const plain = STRATEGIES.get(name)
  if (plain !== undefined) return { name, strategy: plain, weights: undefined, denyLanes: NO_LANES }
  const profile = profileOf(snapshot, name)
  const strategy = STRATEGIES.get(SCORE)
  if (profile === undefined || strategy === undefined)
    throw new GatewayError('internal', 'A route names a strategy that does not exist.')
  return { name: profile.name, strategy, weights: withOutcomes(profile.weights, snapshot), denyLanes: profile.denyLanes }
}

const NO_LANES: readonly string[] = []

/** Outcomes weigh in every score while they are watched; a profile may say otherwise, and one without weights keeps none. */
function withOutcomes(weights: ScoreWeights, { resilience: { scorecard } }: RoutingSnapshot): ScoreWeights {
  if (!scorecard.enabled || scorecard.scoreWeight === 0 || weights.outcome_health !== undefined) return weights
  return Object.keys(weights).length === 0 ? weights : { ...weights, outcome_health: scorecard.scoreWeight }
}
