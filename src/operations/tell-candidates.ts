import { nanoToUsd } from '../catalog/prices/usd.ts'
import type { CandidateEvidence, ScoreEvidence } from '../ir/decision-evidence.ts'
import type { RouteDecision } from '../ir/decision.ts'
import type { DemotionReason } from '../ir/observed.ts'
import { isObject } from '../ir/json.ts'
import { countWords, durationWords, listWords, plural, safeText } from './story-words.ts'

/** Larger routes are told by those who are tried first; `--json` has all. */
const MOST_TOLD = 10

/** What the decision knew of its candidates, in sentences; nothing where only one was there and nothing was observed of it. */
export function candidateSentences(decision: RouteDecision): string[] {
  const byId = new Map((decision.candidates ?? []).map((candidate) => [candidate.target_id, candidate]))
  const order = [decision.selected, ...decision.fallbacks].flatMap((target) => (target === null ? [] : [target.target_id]))
  const scores = new Map(decision.scores.map((score) => [score.target_id, score]))
  const lines = order.slice(0, MOST_TOLD).flatMap((id) => {
    const candidate = byId.get(id)
    const words = candidate === undefined ? [] : candidateWords(candidate)
    const score = scores.get(id)
    if (score?.weights !== undefined) words.push(scoreWords(score))
    return words.length === 0 ? [] : [`${safeText(id)}: ${words.join('; ')}.`]
  })
  const left = order.length - MOST_TOLD
  return left > 0 ? [...lines, `and ${plural(left, 'further target')}.`] : lines
}

function candidateWords({ standing, facts, observed, expected_cost_nanos: cost }: CandidateEvidence): string[] {
  const words: string[] = []
  if (standing === 'unavailable') words.push('could not be called at that moment')
  if (standing === 'demoted') words.push(`stood behind the others${demotionWords(observed)}`)
  const { circuit, ttft_ms: ttft, total_ms: total, in_flight: running } = observed
  const available = observed['accounts_available']
  const accounts = observed['accounts_total']
  if (typeof available === 'number' && typeof accounts === 'number' && available < accounts)
    words.push(`${available} of ${plural(accounts, 'account')} could be used`)
  if (circuit === 'open' || circuit === 'half_open') words.push(`circuit ${circuit === 'open' ? 'open' : 'half open'}`)
  if (typeof running === 'number' && running > 0) words.push(`${plural(running, 'call')} under way`)
  if (typeof ttft === 'number') words.push(`first token after ${durationWords(ttft)} on average`)
  if (typeof total === 'number') words.push(`whole answers after ${durationWords(total)} on average`)
  const { outcome, recovery_ms: recovery } = observed
  if (isObject(outcome) && typeof outcome['success_rate'] === 'number') {
    const seen = plural(Number(outcome['samples']), 'call')
    words.push(`a success rate of ${Math.round(outcome['success_rate'] * 100)} % was expected after ${seen}`)
  }
  if (typeof recovery === 'number') words.push(`back in ${durationWords(recovery)}`)
  if (typeof facts['context_window'] === 'number') words.push(`context of ${countWords(facts['context_window'])} tokens`)
  if (cost !== undefined) words.push(`expected to cost $${nanoToUsd(cost)}`)
  return words
}

const DEMOTION_WORDS: Readonly<Record<DemotionReason, string>> = {
  streak: 'its last calls failed one after the other',
  success: 'too few of its calls ended well',
  truncation: 'too many of its answers were cut short',
}

function demotionWords({ outcome }: CandidateEvidence['observed']): string {
  const reason = isObject(outcome) ? outcome['demoted'] : undefined
  return typeof reason === 'string' && Object.hasOwn(DEMOTION_WORDS, reason)
    ? `, because ${DEMOTION_WORDS[reason as DemotionReason]}`
    : ''
}

function scoreWords({ score, factors, weights, raw }: ScoreEvidence): string {
  const parts = Object.entries(weights ?? {}).flatMap(([name, weight]) => {
    if (weight === undefined || weight <= 0) return []
    const measured = Reflect.get(raw, name) as unknown
    const value = Reflect.get(factors, name) as unknown
    const shown = typeof value === 'number' ? value.toFixed(2) : 'unknown'
    return [`${name} ${shown} × ${weight}${typeof measured === 'number' ? ` (from ${rounded(measured)})` : ''}`]
  })
  return `score ${score.toFixed(3)}${parts.length === 0 ? '' : ` = weighted mean of ${listWords(parts)}`}`
}

const rounded = (value: number): string => countWords(Math.round(value * 1000) / 1000)

/** What the client asked of routing, and whether chance or turns took part. */
export function wishSentences({ inputs, seed, cursor, strategy, conditions }: RouteDecision): string[] {
  const lines: string[] = []
  const hints = Object.entries(inputs.hints ?? {}).map(([name, value]) => `${name} ${safeText(hintText(name, value))}`)
  if (hints.length > 0) lines.push(`The client asked for ${listWords(hints)}.`)
  if (inputs.session !== undefined) {
    const account = inputs.session.account_id === undefined ? '' : ` with account ${safeText(inputs.session.account_id)}`
    lines.push(`Its session had been served by ${safeText(inputs.session.target_id)}${account} before.`)
  }
  if (inputs.origin !== undefined)
    lines.push(
      inputs.origin.target_id === undefined
        ? 'It continues an earlier answer of which nothing is remembered here.'
        : `It continues an answer of ${safeText(inputs.origin.target_id)} with account ${safeText(inputs.origin.account_id ?? '')}.`,
    )
  for (const [condition, held] of Object.entries(conditions ?? {}))
    lines.push(`The condition ${safeText(condition)} ${held ? 'held' : 'did not hold'}.`)
  if (strategy === 'weighted_random' && seed !== undefined) lines.push(`Lots were drawn with seed ${seed}.`)
  if (cursor !== undefined) lines.push(`It was turn ${countWords(cursor)} of the route.`)
  return lines
}

const hintText = (name: string, value: unknown): string =>
  name === 'max_price_per_million' && typeof value === 'number'
    ? `$${nanoToUsd(value)}`
    : Array.isArray(value)
      ? value.map(String).join(', ')
      : String(value)

/** What the order itself or the sentences about candidates tell. */
const TOLD_ELSEWHERE =
  /^(route=|\w+_required=|unverified=|no_fallback=|deadline_ms=|ordered_fallback: |demoted \d+ target|outcome\/demote )/

/** The lines of a decision's reasons that tell more than the order and the candidates do. */
export const tellingReasons = ({ reason }: RouteDecision): string[] =>
  reason.filter((line) => !TOLD_ELSEWHERE.test(line)).map(safeText)
