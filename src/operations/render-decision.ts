import type { RouteDecision } from '../ir/decision.ts'
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
  if (decision.unverified) lines.push('Nobody checked that the model exists: the default provider takes any name.')
  return lines.join('\n')
}
