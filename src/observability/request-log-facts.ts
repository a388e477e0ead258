import type { AttemptRecord } from '../ir/record.ts'
import { servingAttempt, type EndedRequest } from './ended-request.ts'
import type { LogFacts } from './log-line.ts'

/** What a line of the log tells of a model call, beside what the HTTP layer knows. Names, counts and times. */
export function requestLogFacts(request: EndedRequest, costNanos: number | undefined): LogFacts {
  const served = servingAttempt(request)
  const { usage, finish } = request.facts ?? {}
  return {
    decision: request.plan.route,
    target: served?.target_id,
    account: served?.account_id,
    streamed: request.question.stream,
    attempts: request.attempts.length,
    fallback_cause: request.attempts.length > 1 ? causeOf(request.attempts) : undefined,
    input_tokens: usage?.inputTokens,
    output_tokens: usage?.outputTokens,
    cache_read_tokens: usage?.cacheReadTokens,
    cache_write_tokens: usage?.cacheWriteTokens,
    reasoning_tokens: usage?.reasoningTokens,
    finish: finish?.unified,
    cost_usd: costNanos === undefined ? undefined : costNanos / 1e9,
    first_token_ms: request.question.stream ? rounded(request.firstTokenMs) : undefined,
    overhead_ms: rounded(request.overheadUs / 1000),
    stream_error: request.status === 200 ? request.errorCode : undefined,
  }
}

/** The error that first sent the call elsewhere. */
const causeOf = (attempts: readonly AttemptRecord[]): string | undefined =>
  attempts.find(({ outcome }) => outcome === 'failed')?.error_code

const rounded = (value: number | undefined): number | undefined =>
  value === undefined ? undefined : Math.round(value * 1000) / 1000
