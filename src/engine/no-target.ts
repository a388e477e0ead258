import { contextWindowExceeded } from '../errors/context-window.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import { unavailableTargets } from '../errors/unavailable-targets.ts'
import type { RoutePlan } from '../ir/decision.ts'
import { nobodyLeft } from '../routing/nobody-left.ts'

/** Routing refused every target. When windows alone stand in the way, the client is told so in the words its agents look for. */
export function noTarget(plan: RoutePlan, inputTokens: number): GatewayError {
  const { route, rejected } = plan
  const limited = rejected.filter(({ code }) => code === 'over_limit')
  if (limited.length > 0)
    return unavailableTargets(
      route,
      limited.map(({ target_id, evidence }) => ({
        target: target_id,
        code: 'target_over_limit',
        retryAfterMs: typeof evidence?.['retry_after_ms'] === 'number' ? evidence['retry_after_ms'] : undefined,
      })),
    )
  const why = nobodyLeft(rejected)
  if (why === 'context_window_exceeded') {
    const windows = rejected.map(({ evidence }) => Number(evidence?.['context_window'] ?? 0))
    return contextWindowExceeded(route, { promptTokens: inputTokens, windowTokens: Math.max(...windows) })
  }
  if (why === 'translation_refused') return keptElsewhere(plan)
  const reasons = rejected.map(({ target_id, reason }) => `${target_id}: ${reason}`).join('; ')
  return new GatewayError(why, `No target of route "${route}" can serve this request. ${reasons}`, {
    details: { rejected: rejected.map(({ target_id, code }) => ({ target_id, code })) },
  })
}

/** Nobody on the route keeps the turns that the request refers to. */
function keptElsewhere({ route, rejected }: RoutePlan): GatewayError {
  const reason = rejected[0]?.reason ?? 'the turns before the request are kept elsewhere'
  return new GatewayError(
    'translation_refused',
    `No target of route "${route}" can continue the conversation: ${reason}. ` +
      'Send the whole conversation (for OpenAI clients: store false), or set translation: allow on the route to go on without them.',
    { details: { rejected: rejected.map(({ target_id, code }) => ({ target_id, code })) } },
  )
}
