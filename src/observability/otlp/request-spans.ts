import type { AttemptRecord } from '../../ir/record.ts'
import { servingAttempt, type EndedRequest } from '../ended-request.ts'
import { knownNames } from '../metrics/known-names.ts'
import { attemptSpanId } from '../tracing/request-traces.ts'
import type { TraceContext } from '../tracing/trace-context.ts'
import { otlpAttributes, unixNanos, type AttributeValue, type OtlpAttribute } from './otlp-attributes.ts'
import { SEMANTIC_PROVIDERS } from './semantic-providers.data.ts'

/** Kinds and states of spans, as OTLP numbers them. */
const SERVER = 2
const CLIENT = 3
const ERROR = 2
/** Bits 8 and 9 of a span's flags: it is known whether the parent is of another process, and it is. */
const PARENT_KNOWN = 0x100
const PARENT_REMOTE = 0x200
const SAMPLED = 1

export interface OtlpSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string | undefined
  readonly traceState?: string | undefined
  readonly flags: number
  readonly name: string
  readonly kind: number
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly attributes: readonly OtlpAttribute[]
  readonly status: { readonly code?: number; readonly message?: string | undefined }
}

/** The spans of a request: one for it, and one below it for each attempt. Metadata alone. */
export function requestSpans(request: EndedRequest, trace: TraceContext): OtlpSpan[] {
  const served = servingAttempt(request)
  // Spans are numbered as the attempts began, and attempts are listed as they ended.
  const begun = request.attempts.toSorted((left, right) => left.started_ms - right.started_ms)
  return [
    requestSpan(request, trace),
    ...begun.map((attempt, index) => attemptSpan(attempt, request, { trace, index, isServing: attempt === served })),
  ]
}

function requestSpan(request: EndedRequest, trace: TraceContext): OtlpSpan {
  const { startedAt, totalMs, status, errorCode, principal, question, plan, attempts } = request
  const failed = errorCode !== undefined && (status >= 500 || status === 200)
  return {
    ...placed(trace, trace.spanId, trace.parentId),
    flags: PARENT_KNOWN | (trace.parentId === undefined ? 0 : PARENT_REMOTE) | SAMPLED,
    name: `${request.operation} ${knownNames(request.snapshot).route(plan.route)}`,
    kind: SERVER,
    startTimeUnixNano: unixNanos(startedAt),
    endTimeUnixNano: unixNanos(startedAt + totalMs),
    attributes: otlpAttributes({
      'http.response.status_code': status,
      'error.type': errorCode,
      'session.id': request.sessionId,
      'gen_ai.conversation.id': request.sessionId,
      'switchback.request.id': request.requestId,
      'switchback.route': plan.route,
      'switchback.strategy': plan.strategy,
      'switchback.model': question.model,
      'switchback.client.format': question.clientFormat,
      'switchback.config.revision': request.snapshot.revision,
      'switchback.key.id': principal.keyId,
      'switchback.tenant': principal.tenant,
      'switchback.project': principal.project,
      'switchback.attempts': attempts.length,
      'switchback.overhead_ms': rounded(request.overheadUs / 1000),
      'switchback.request.bytes': request.requestBytes,
    }),
    status: failed ? { code: ERROR, message: errorCode } : {},
  }
}

/** Names of the semantic conventions, where they have one. */
const SEMANTIC_OPERATIONS: Readonly<Partial<Record<EndedRequest['operation'], string>>> = {
  generate: 'chat',
  completions: 'text_completion',
}

const semanticOperation = ({ operation }: EndedRequest): string => SEMANTIC_OPERATIONS[operation] ?? operation

interface AttemptPlace {
  readonly trace: TraceContext
  readonly index: number
  readonly isServing: boolean
}

function attemptSpan(attempt: AttemptRecord, request: EndedRequest, { trace, index, isServing }: AttemptPlace): OtlpSpan {
  const begin = request.startedAt + attempt.started_ms
  return {
    ...placed(trace, attemptSpanId(trace.spanId, index), trace.spanId),
    flags: PARENT_KNOWN | SAMPLED,
    name: `${semanticOperation(request)} ${attempt.model}`,
    kind: CLIENT,
    startTimeUnixNano: unixNanos(begin),
    endTimeUnixNano: unixNanos(begin + attempt.latency_ms),
    attributes: otlpAttributes({
      'gen_ai.operation.name': semanticOperation(request),
      'gen_ai.provider.name': semanticProvider(attempt.provider_id),
      'gen_ai.request.model': attempt.model,
      'gen_ai.request.stream': request.question.stream,
      'gen_ai.request.max_tokens': request.question.maxOutputTokens,
      'gen_ai.conversation.id': request.sessionId,
      'session.id': request.sessionId,
      'http.response.status_code': attempt.upstream_status,
      'error.type': attempt.error_code,
      ...(isServing ? answerAttributes(attempt, request) : {}),
      'switchback.target': attempt.target_id,
      'switchback.account': attempt.account_id,
      'switchback.format': attempt.format,
      'switchback.passthrough': attempt.passthrough,
      'switchback.outcome': attempt.outcome,
      'switchback.next': attempt.next,
      'switchback.cancelled_because': attempt.cancelled_because,
      'switchback.upstream.request_id': attempt.upstream_request_id,
    }),
    status: attempt.outcome === 'failed' ? { code: ERROR, message: attempt.error_code } : {},
  }
}

/** What is known of the answer belongs to the attempt that gave it. */
function answerAttributes(
  attempt: AttemptRecord,
  { facts, firstTokenMs, question }: EndedRequest,
): Record<string, AttributeValue> {
  const usage = facts?.usage
  const reason = facts?.finish?.raw ?? facts?.finish?.unified
  return {
    'gen_ai.response.model': facts?.model,
    'gen_ai.response.finish_reasons': reason === undefined ? undefined : [reason],
    'gen_ai.response.time_to_first_chunk':
      question.stream && firstTokenMs !== undefined ? rounded((firstTokenMs - attempt.started_ms) / 1000) : undefined,
    'gen_ai.usage.input_tokens': usage?.inputTokens,
    'gen_ai.usage.output_tokens': usage?.outputTokens,
    'gen_ai.usage.cache_read.input_tokens': usage?.cacheReadTokens,
    'gen_ai.usage.cache_write.input_tokens': usage?.cacheWriteTokens,
    'gen_ai.usage.reasoning.output_tokens': usage?.reasoningTokens,
  }
}

const placed = (
  { traceId, traceState }: TraceContext,
  spanId: string,
  parentSpanId: string | undefined,
): Pick<OtlpSpan, 'traceId' | 'spanId' | 'parentSpanId' | 'traceState'> => ({ traceId, spanId, parentSpanId, traceState })

/** The conventions' own name of a provider, where they have one. */
export const semanticProvider = (id: string): string => SEMANTIC_PROVIDERS.get(id) ?? id

const rounded = (value: number): number => Math.round(value * 1_000_000) / 1_000_000
