import type { ErrorCode } from '../errors/codes.ts'
import type { GatewayError } from '../errors/gateway-error.ts'
import type { CallOutcome } from '../state/health/store.ts'
import type { StreamFacts } from './stream-facts.ts'

/** How an attempt ended, in its record's words. */
export type AttemptEnd = 'success' | 'failed' | 'cancelled'

/** What the health of targets learns from an attempt. Which failures are the target's own, the health store decides by category. */
export function callOutcomeOf(
  end: AttemptEnd,
  timing: Pick<CallOutcome, 'ttftMs' | 'totalMs' | 'streamed' | 'answered'>,
  { facts, error }: { readonly facts?: StreamFacts | undefined; readonly error?: GatewayError | undefined },
): CallOutcome {
  const kind = error !== undefined && isOurs(error) ? 'neutral' : kindOf(end, facts)
  return { kind, category: error?.row.category, ...timing }
}

/** The attempt was never sent, because the operator's own limits or ways out forbid it: nothing was learnt of the provider. */
const isOurs = ({ code, row }: GatewayError): boolean => NEVER_SENT.has(code) || row.category === 'budget-exceeded'
const NEVER_SENT: ReadonlySet<ErrorCode> = new Set([
  'target_over_limit',
  'egress_failed',
  'egress_disabled',
  'address_not_allowed',
])

function kindOf(end: AttemptEnd, facts: StreamFacts | undefined): CallOutcome['kind'] {
  if (end === 'cancelled') return 'cancelled'
  if (end === 'failed') return 'failure'
  const finish = facts?.finish?.unified
  if (finish === 'length') return 'truncated'
  return finish === 'refusal' || finish === 'content-filter' ? 'refusal' : 'success'
}
