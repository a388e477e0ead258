import type { GatewayError } from '../errors/gateway-error.ts'
import type { AttemptRecord } from '../ir/record.ts'
import type { AttemptEnding } from './attempt-context.ts'
import type { AttemptInput } from './attempt.ts'
import type { AttemptEnd } from './call-outcome.ts'
import type { StreamFacts } from './stream-facts.ts'
import { usageKnown } from './usage-known.ts'
import { egressName } from '../transport/egress.settings.schema.ts'

/** How an attempt went, beside what it was. */
export interface EndedRun extends Pick<AttemptEnding, 'next' | 'reason'> {
  readonly outcome: AttemptEnd
  readonly error: GatewayError | undefined
  readonly totalMs: number
  readonly facts: StreamFacts | undefined
  /** The request left. */
  readonly isSent: boolean
  readonly status: number | undefined
  readonly upstreamRequestId: string | undefined
  /** Why bytes could not go through; undefined when it did not come to that. */
  readonly refusals: readonly string[] | undefined
}

/** An attempt as its record tells it: codes and numbers, never text of an upstream. */
export function attemptRecord(
  {
    target,
    provider,
    account,
    startedAt,
    call,
  }: Pick<AttemptInput, 'target' | 'provider' | 'account' | 'call'> & { readonly startedAt: number },
  ended: EndedRun,
): AttemptRecord {
  const { error, refusals, facts } = ended
  return {
    target_id: target.id,
    provider_id: provider.id,
    model: toldModel(call, facts) ?? target.model,
    account_id: account.id,
    format: target.format,
    started_ms: thousandths(startedAt - call.receivedAt),
    latency_ms: thousandths(ended.totalMs),
    outcome: ended.outcome,
    error_code: error?.code,
    error_category: error?.row.category,
    upstream_status: ended.status,
    upstream_error_type: codeLike(error?.upstream?.type ?? error?.upstream?.code),
    upstream_request_id: ended.upstreamRequestId,
    next: ended.next,
    cancelled_because: ended.reason,
    passthrough: refusals?.length === 0,
    passthrough_refused: refusals === undefined || refusals.length === 0 ? undefined : refusals,
    usage: facts?.usage,
    usage_known: usageKnown(ended),
    ...egressOf(account),
  }
}

const egressOf = (account: AttemptInput['account']): Pick<AttemptRecord, 'egress'> => {
  const name = egressName(account.egress)
  return name === undefined ? NO_EGRESS : { egress: name }
}
const NO_EGRESS = {}

/** The model that an answer told, of a call that named none. */
export const toldModel = ({ endpoint }: AttemptInput['call'], facts: StreamFacts | undefined): string | undefined =>
  endpoint?.namesNoModel === true ? codeLike(facts?.model) : undefined

const thousandths = (milliseconds: number): number => Math.round(milliseconds * 1000) / 1000

/** Keeps upstream words that look like codes or ids; anything else might be text and is not recorded. */
export function codeLike(value: string | null | undefined): string | undefined {
  return value !== undefined && value !== null && /^[\w.:/-]{1,128}$/.test(value) ? value : undefined
}
