import type { PlanEvidence, Rejection, RoutePlan } from '../ir/decision.ts'
import type { ScoreEvidence } from '../ir/decision-evidence.ts'
import type { AccountId } from '../ir/ids.ts'
import type { Target } from '../ir/target.ts'
import { accountReason, departure, pinOf, withAffinity, type Pin } from './affinity.ts'
import type { Asked } from './asked.ts'
import type { Candidate } from './candidate.ts'
import type { ChosenStrategy } from './choose-strategy.ts'
import type { HardFilter } from './filters/filter.types.ts'
import type { ResolvedRoute } from './resolve-route.ts'
import { Scale, scoreEvidence } from './score.ts'
import { strategyInput, type Chance } from './strategy-input.ts'
import type { StrategyInput } from './strategies/strategy.types.ts'

export interface Refusal {
  readonly candidate: Candidate
  readonly filter: HardFilter
}

/** Everything a decision came from; references, so that keeping it costs nothing until somebody asks. */
export interface Deliberation {
  readonly resolved: ResolvedRoute
  readonly asked: Asked
  readonly chosen: ChosenStrategy
  /** In the order of the route. */
  readonly candidates: readonly Candidate[]
  readonly eligible: readonly Candidate[]
  readonly refusals: readonly Refusal[]
  readonly ordered: readonly Candidate[]
  readonly chance: Chance
}

/** A plan that can tell afterwards how it came about. */
export class RoutedPlan implements RoutePlan {
  readonly route: string
  readonly strategy: string
  readonly targets: readonly Target[]
  readonly unverified: boolean
  readonly account: AccountId | undefined
  readonly noFallback: boolean
  readonly deadlineMs: number | undefined
  private readonly made: Deliberation
  private readonly pin: Pin | undefined
  private told: readonly Rejection[] | undefined = undefined

  constructor(made: Deliberation) {
    const { resolved, asked, chosen, ordered } = made
    const { hints } = asked.question
    const pin = pinOf(asked.route, asked.question)
    this.made = made
    this.pin = pin
    this.route = resolved.name
    this.strategy = chosen.name
    this.unverified = resolved.unverified
    this.noFallback = hints?.noFallback === true
    this.deadlineMs = hints?.deadlineMs
    const used = this.noFallback ? ordered.slice(0, 1) : ordered
    this.targets = used.map(({ target }) => target)
    this.account = pin !== undefined && this.targets[0]?.id === pin.target ? pin.account : undefined
  }

  get rejectedCount(): number {
    return (this.made.resolved.unknownModels?.length ?? 0) + this.made.refusals.length
  }

  /** Sentences are made when they are first asked for. */
  get rejected(): readonly Rejection[] {
    return (this.told ??= [
      ...(this.made.resolved.unknownModels ?? []).map(unknownModel),
      ...this.made.refusals.map(({ candidate, filter }) => filter.reject(candidate, this.made.asked)),
    ])
  }

  evidence(): PlanEvidence {
    const { resolved, asked, chosen, candidates, eligible, chance } = this.made
    const input = strategyInput(asked, chosen, eligible, chance)
    return {
      candidates,
      scores: this.scores(input),
      seed: input.seed,
      cursor: chosen.name === 'round_robin' ? input.cursor : undefined,
      conditions: resolved.conditions === undefined ? undefined : Object.fromEntries(resolved.conditions),
      reason: this.reasons(input),
    }
  }

  /** One candidate alone that nobody scored has nothing to be compared with. */
  private scores(input: StrategyInput): ScoreEvidence[] {
    const { asked, chosen, eligible, ordered } = this.made
    const weights = scoringWeights(chosen, input)
    if (ordered.length === 1 && weights === undefined) return []
    const scale = new Scale(eligible, asked.question)
    const last = Math.max(1, ordered.length - 1)
    return ordered.map((candidate, index) => scoreEvidence(candidate, scale, weights, 1 - index / last))
  }

  private reasons(input: StrategyInput): string[] {
    const { asked, chosen, candidates, eligible, ordered } = this.made
    const { pin } = this
    const [first] = ordered
    const reasons: string[] = []
    if (chosen.note !== undefined) reasons.push(chosen.note)
    const unavailable = eligible.filter(({ standing }) => standing === 'unavailable').length
    if (unavailable > 0) reasons.push(`demoted ${unavailable} target(s) that cannot be called now`)
    for (const { target, observed } of eligible) {
      const { outcome } = observed
      if (outcome?.demoted === undefined) continue
      reasons.push(
        `outcome/demote target=${target.id} reason=${outcome.demoted} ok=${percent(outcome.successRate)} trunc=${percent(outcome.truncationRate)} n=${outcome.samples}`,
      )
    }
    if (first !== undefined) {
      const strategy = withAffinity(chosen.strategy, pin)
      reasons.push(
        strategy.explain(ordered, { ...input, candidates: ordered.filter(({ standing }) => standing === first.standing) }),
      )
    }
    const left = departure(pin, first, candidates)
    if (left !== undefined) reasons.push(left)
    if (pin !== undefined && this.account !== undefined) reasons.push(accountReason(pin))
    if (asked.question.origin?.kind === 'unknown')
      reasons.push('origin: unknown, nobody here remembers the answer that the request continues')
    if (this.noFallback) reasons.push(`no_fallback=true: ${Math.max(0, ordered.length - 1)} further target(s) are not used`)
    if (this.deadlineMs !== undefined) reasons.push(`deadline_ms=${this.deadlineMs}`)
    return reasons
  }
}

/** A profile without weights keeps the order of the route, so its scores are places. */
const scoringWeights = ({ weights }: ChosenStrategy, { profile }: StrategyInput): ChosenStrategy['weights'] =>
  weights === undefined || Object.keys(weights).length === 0 ? undefined : profile

const unknownModel = (model: string): Rejection => ({
  target_id: model,
  code: 'unknown_model',
  reason: 'the client listed this model, and no route or target has that name',
})

const percent = (share: number): string => `${(share * 100).toFixed(1)}%`
