import { GatewayError } from '../errors/gateway-error.ts'
import type { RoutePlan } from '../ir/decision.ts'
import type { ObservedState } from '../ir/observed.ts'
import type { DecisionQuestion } from '../ir/question.ts'
import type { FactsOf, RoutingSnapshot } from '../ir/snapshot.ts'
import { pinOf, withAffinity } from './affinity.ts'
import { Asked } from './asked.ts'
import { blendedPrice, standingOf, type Candidate } from './candidate.ts'
import { chooseStrategy, type ChosenStrategy } from './choose-strategy.ts'
import type { HardFilter } from './filters/filter.types.ts'
import { activeFilters } from './filters/index.ts'
import { RoutedPlan, type Refusal } from './plan.ts'
import type { ResolvedRoute } from './resolve-route.ts'
import { strategyInput, type Chance } from './strategy-input.ts'
import type { ModelAnswer, ModelCall, StrategyInput } from './strategies/strategy.types.ts'

/** What a decision is told of the world. */
export interface DecisionState {
  readonly observed: ObservedState
  readonly factsOf: FactsOf
  /** 32 bits that stand for chance; the same seed draws the same lots. */
  readonly seed: number
}

/** Either the plan, or a question to a model that has to be answered first. */
export type DecisionStep =
  | { readonly plan: RoutePlan }
  | { readonly call: ModelCall; readonly resume: (answer: ModelAnswer) => DecisionStep }

/**
 * Orders the candidates of a resolved route and keeps what explains the order. Pure: same inputs, same plan. Throws `forbidden` or
 * `invalid_body` for hints that cannot be honoured.
 */
export function decide(
  snapshot: RoutingSnapshot,
  resolved: ResolvedRoute,
  question: DecisionQuestion,
  state: DecisionState,
): RoutePlan {
  const step = beginDecision(snapshot, resolved, question, state)
  if ('plan' in step) return step.plan
  throw new GatewayError('internal', 'The strategy of this route asks a model first, which cannot be done here.')
}

/** As `decide`, for strategies that may ask a model before they decide. */
export function beginDecision(
  snapshot: RoutingSnapshot,
  resolved: ResolvedRoute,
  question: DecisionQuestion,
  state: DecisionState,
): DecisionStep {
  const { route } = resolved
  const chosen = chooseStrategy(snapshot, route, question.hints)
  const asked = new Asked(snapshot, route, question, chosen.denyLanes)
  const filters = activeFilters(asked)
  const candidates: Candidate[] = []
  const eligible: Candidate[] = []
  const refusals: Refusal[] = []
  for (const target of route.targets) {
    const observed = state.observed.of(target)
    const candidate: Candidate = {
      target,
      position: candidates.length,
      facts: state.factsOf(target),
      observed,
      standing: standingOf(observed),
    }
    candidates.push(candidate)
    const filter = firstRefusal(filters, candidate, asked)
    if (filter === undefined) eligible.push(candidate)
    else refusals.push({ candidate, filter })
  }
  const chance = { seed: state.seed, cursor: state.observed.cursor?.(resolved.name) ?? 0 }
  const planned: Finish = (ordered) => ({
    plan: new RoutedPlan({ resolved, asked, chosen, candidates, eligible, refusals, ordered, chance }),
  })
  // Nothing to put in order: almost every request of a gateway without routes.
  return eligible.length < 2 ? planned(eligible) : new Ordering(asked, chosen, eligible, chance).advance(planned)
}

function firstRefusal(filters: readonly HardFilter[], candidate: Candidate, asked: Asked): HardFilter | undefined {
  for (const filter of filters) if (filter.refuses(candidate, asked)) return filter
  return undefined
}

type Finish = (ordered: readonly Candidate[]) => DecisionStep

/** Asks the strategy for the order within each group: those that can serve before those that probably cannot. */
class Ordering {
  private readonly strategy: ChosenStrategy['strategy']
  private readonly groups: readonly (readonly Candidate[])[]
  private readonly input: StrategyInput
  private readonly ordered: Candidate[] = []
  private group = 0
  private state: unknown

  constructor(asked: Asked, chosen: ChosenStrategy, eligible: readonly Candidate[], chance: Chance) {
    const { question, route } = asked
    const pin = pinOf(route, question)
    this.strategy = withAffinity(chosen.strategy, pin)
    this.state = this.strategy.start
    this.groups = groupsOf(eligible, asked.unknownPrice === 'penalize' ? question : undefined)
    this.input = strategyInput(asked, chosen, eligible, chance)
  }

  advance(finish: Finish, answer?: ModelAnswer): DecisionStep {
    let given = answer
    for (let group = this.groups[this.group]; group !== undefined; group = this.groups[this.group]) {
      const step = this.strategy.step(this.state, { ...this.input, candidates: group, answer: given })
      given = undefined
      if ('call' in step) {
        this.state = step.state
        return { call: step.call, resume: (reply) => this.advance(finish, reply) }
      }
      for (const candidate of step.decide) this.ordered.push(candidate)
      this.state = this.strategy.start
      this.group++
    }
    return finish(this.ordered)
  }
}

/** By standing, and within it those without a price for `pricedFor` behind the others. Almost always there is one group. */
function groupsOf(eligible: readonly Candidate[], pricedFor: DecisionQuestion | undefined): readonly (readonly Candidate[])[] {
  const rankOf = (candidate: Candidate): number => {
    const { standing } = candidate
    const isUnpriced = pricedFor !== undefined && blendedPrice(candidate, pricedFor) === undefined
    return (standing === 'healthy' ? 0 : standing === 'demoted' ? 2 : 4) + (isUnpriced ? 1 : 0)
  }
  const first = eligible[0]
  if (first === undefined) return []
  const rank = rankOf(first)
  if (eligible.every((candidate) => rankOf(candidate) === rank)) return [eligible]
  const groups: Candidate[][] = [[], [], [], [], [], []]
  for (const candidate of eligible) groups[rankOf(candidate)]?.push(candidate)
  return groups.filter((group) => group.length > 0)
}
