import type { ScoreEvidence } from '../ir/decision-evidence.ts'
import { FACTOR_NAMES, type FactorName, type ScoreWeights } from '../ir/routing-policy.ts'
import type { Candidate } from './candidate.ts'
import { expectedCost } from './candidate.ts'
import type { StrategyInput } from './strategies/strategy.types.ts'

interface Range {
  least: number
  most: number
}

/** The figures a score reads off a candidate. Undefined is unknown. */
const RAW: Readonly<Record<FactorName, (candidate: Candidate, scale: Scale) => number | undefined>> = {
  selection_rank: ({ position }) => position,
  health: ({ standing }) => (standing === 'healthy' ? 1 : standing === 'demoted' ? 0.5 : 0),
  account_availability: ({ observed }) => observed.accountsAvailable,
  cost: (candidate, { question }) => expectedCost(candidate, question),
  latency: ({ observed }) => observed.totalMs,
  ttft: ({ observed }) => observed.ttftMs,
  task_fit: (candidate) => (isMadeForCode(candidate) ? 1 : 0),
  context_fit: ({ facts }) => facts.contextWindow,
  outcome_health: ({ observed }) => observed.outcome?.health,
}

/**
 * Factors between 0 and 1. Accounts count as the share that can be used, so that a provider with a single healthy account is as good
 * as one with ten; nothing is known of a provider without accounts, which stands for one half. An unknown price, latency or window is 0;
 * an unknown outcome is 1, as for everything that has not failed yet.
 */
const FACTOR: Readonly<Record<FactorName, (candidate: Candidate, scale: Scale) => number>> = {
  selection_rank: (candidate, { rankOf }) => rankOf(candidate),
  health: (candidate, scale) => RAW.health(candidate, scale) ?? 0,
  account_availability: ({ observed }) =>
    observed.accountsTotal === 0 ? 0.5 : Math.min(1, observed.accountsAvailable / observed.accountsTotal),
  cost: (candidate, scale) => lessIsBetter(RAW.cost(candidate, scale), scale.range('cost')),
  latency: (candidate, scale) => lessIsBetter(RAW.latency(candidate, scale), scale.range('latency')),
  ttft: (candidate, scale) => lessIsBetter(RAW.ttft(candidate, scale), scale.range('ttft')),
  task_fit: (candidate, scale) => RAW.task_fit(candidate, scale) ?? 0,
  context_fit: (candidate, scale) => {
    const { most } = scale.range('context_fit')
    return most > 0 ? (candidate.facts.contextWindow ?? 0) / most : 0
  },
  outcome_health: ({ observed }) => observed.outcome?.health ?? 1,
}

/** Peers as a scale to measure a candidate by. Ranges are found when a weight first asks for them. */
export class Scale {
  readonly question: StrategyInput['question']
  private readonly peers: readonly Candidate[]
  private readonly ranges = new Map<FactorName, Range>()

  constructor(peers: readonly Candidate[], question: StrategyInput['question']) {
    this.peers = peers
    this.question = question
  }

  range(factor: FactorName): Range {
    const known = this.ranges.get(factor)
    if (known !== undefined) return known
    const range: Range = { least: Number.POSITIVE_INFINITY, most: Number.NEGATIVE_INFINITY }
    for (const peer of this.peers) {
      const value = RAW[factor](peer, this)
      if (value === undefined) continue
      if (value < range.least) range.least = value
      if (value > range.most) range.most = value
    }
    this.ranges.set(factor, range)
    return range
  }

  /** 1 for the first target of the route, 0 for the last of those in question. */
  readonly rankOf = ({ position }: Candidate): number => {
    const { least, most } = this.range('selection_rank')
    return most === least ? 1 : (most - position) / (most - least)
  }
}

/** The weighted mean of the factors, rounded to 1e-9; 0 without weights. */
export function scoreOf(candidate: Candidate, scale: Scale, weights: ScoreWeights): number {
  let total = 0
  let sum = 0
  for (const factor of FACTOR_NAMES) {
    const weight = weights[factor]
    if (weight === undefined || weight <= 0) continue
    total += weight
    sum += weight * FACTOR[factor](candidate, scale)
  }
  return total === 0 ? 0 : round(sum / total)
}

/** Every factor of a candidate with its raw value; the score is that of the weights, or `fallbackScore` without them. */
export function scoreEvidence(
  candidate: Candidate,
  scale: Scale,
  weights: ScoreWeights | undefined,
  fallbackScore: number,
): ScoreEvidence {
  const factors: Partial<Record<FactorName, number>> = {}
  const raw: Partial<Record<FactorName, number>> = {}
  for (const factor of FACTOR_NAMES) {
    const value = RAW[factor](candidate, scale)
    if (factor === 'outcome_health' && value === undefined && weights?.outcome_health === undefined) continue
    factors[factor] = round(FACTOR[factor](candidate, scale))
    if (value !== undefined) raw[factor] = value
  }
  const score = weights === undefined ? round(fallbackScore) : scoreOf(candidate, scale, weights)
  return { target_id: candidate.target.id, score, factors, ...(weights === undefined ? {} : { weights }), raw }
}

const lessIsBetter = (value: number | undefined, { least, most }: Range): number => {
  if (value === undefined) return 0
  return most === least ? 1 : (most - value) / (most - least)
}

const round = (value: number): number => Math.round(value * 1e9) / 1e9

const CODE_TAGS: ReadonlySet<string> = new Set(['coding', 'code', 'coder'])

const isMadeForCode = ({ facts, target }: Candidate): boolean =>
  facts.tags.some((tag) => CODE_TAGS.has(tag)) || target.model.toLowerCase().includes('code')
