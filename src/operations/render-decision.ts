import type { RouteDecision } from '../ir/decision.ts'
import type { FactorName } from '../ir/routing-policy.ts'
import { safeText } from './story-words.ts'

/** A decision that has not been carried out, as lines for a terminal. */
export function renderDecision(decision: RouteDecision): string {
  const { selected, fallbacks, rejected, inputs } = decision
  const lines: string[] = []
  const model = safeText(inputs.model)
  if (selected === null) lines.push(`A call for "${model}" would be refused: no candidate can serve it.`)
  else {
    const then =
      fallbacks.length === 0
        ? 'nobody stands behind it'
        : `then ${fallbacks.map((target) => safeText(target.target_id)).join(', then ')}`
    lines.push(`A call for "${model}" would go to ${safeText(selected.target_id)}; ${then}.`)
  }
  lines.push(
    `Route "${safeText(decision.route)}", strategy ${decision.strategy}, about ${inputs.estimated_input_tokens} tokens in, ${inputs.stream ? 'streamed' : 'not streamed'}.`,
  )
  for (const rejection of rejected)
    lines.push(`Ruled out ${safeText(rejection.target_id)}: ${safeText(rejection.reason)} (${rejection.code}).`)
  for (const line of standings(decision)) lines.push(line)
  for (const line of scores(decision)) lines.push(line)
  const why = decision.reason.filter(
    (line) => !/^(route|stream_required|tools_required|vision_required|json_schema_required|unverified)=/.test(line),
  )
  if (why.length > 0) lines.push(`Because: ${why.map(safeText).join('; ')}.`)
  if (decision.unverified) lines.push('Nobody checked that the model exists: the default provider takes any name.')
  return lines.join('\n')
}

/** Candidates that stand further behind than their strategy put them. */
function standings({ candidates = [], rejected }: RouteDecision): string[] {
  const out = new Set(rejected.map(({ target_id }) => target_id))
  return candidates
    .filter(({ target_id, standing }) => standing !== 'healthy' && !out.has(target_id))
    .map(({ target_id, standing }) =>
      standing === 'demoted'
        ? `Set back ${safeText(target_id)}: its calls have ended badly of late.`
        : `Set back ${safeText(target_id)}: it cannot be called now.`,
    )
}

/** Scores and what weighed in them, where the strategy scores. */
function scores(decision: RouteDecision): string[] {
  return decision.scores.flatMap(({ target_id, score, weights, factors }) => {
    if (weights === undefined) return []
    const parts = Object.entries(weights).map(
      ([factor, weight]) => `${factor} ${(factors[factor as FactorName] ?? 0).toFixed(2)} × ${weight}`,
    )
    return [`Score ${score.toFixed(3)} for ${safeText(target_id)}: ${parts.join(', ')}.`]
  })
}
