import type { ScoreWeights } from '../ir/routing-policy.ts'
import type { Asked } from './asked.ts'
import type { Candidate } from './candidate.ts'
import type { ChosenStrategy } from './choose-strategy.ts'
import type { StrategyInput } from './strategies/strategy.types.ts'

/** What stands for chance and for taking turns in one decision. */
export type Chance = Pick<StrategyInput, 'seed' | 'cursor'>

/** What a strategy may look at when all eligible candidates are to be put in order. */
export function strategyInput(
  asked: Asked,
  chosen: ChosenStrategy,
  eligible: readonly Candidate[],
  { seed, cursor }: Chance,
): StrategyInput {
  const { question, route, snapshot } = asked
  const { weights } = route.selection.strategy
  return {
    seed,
    cursor,
    candidates: eligible,
    peers: eligible,
    question,
    weightOf: ({ target }) => weights?.get(target.id) ?? 1,
    profile: weightsFor(eligible, chosen.weights),
    tieBreakSamples: snapshot.resilience.scorecard.minSamples,
  }
}

/** Outcomes weigh only where somebody has any: otherwise they would lift every score alike and say nothing. */
function weightsFor(eligible: readonly Candidate[], weights: ChosenStrategy['weights']): ScoreWeights {
  if (weights?.outcome_health === undefined || eligible.some(({ observed }) => observed.outcome !== undefined))
    return weights ?? {}
  const { outcome_health: _unused, ...others } = weights
  return others
}
