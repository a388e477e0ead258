import { formatTraceParent, parseTraceParent, parseTraceState } from './trace-parent.ts'
import type { TraceContext } from './trace-context.ts'

export interface RequestTracesOptions {
  /** Share of the traces that begin here and are exported, 0 to 1. A caller that has decided is followed. */
  readonly sample: number
  /** Whether upstreams are told of the trace. */
  readonly propagate: boolean
}

/** Traces of requests, while there are any. */
export interface Tracing {
  /** Undefined when nothing is traced. */
  begin(requestId: string, headers: Headers): TraceContext | undefined
  propagate(context: TraceContext, attempt: number, headers: Record<string, string>): void
}

const ID_PREFIX = 'req_'
const SPAN_DIGITS = 16
const SAMPLE_DIGITS = 8
const WHOLE = 0x1_0000_0000

/**
 * Traces of requests. Ids are made from the request's own, which is random where it has to be, so that nothing is drawn or kept: the trace
 * of a call that brings none has the digits of its request id, and its spans those at their end.
 */
export class RequestTraces implements Tracing {
  private readonly options: RequestTracesOptions

  constructor(options: RequestTracesOptions) {
    this.options = options
  }

  /** Where a request stands: below its caller's span, or at the beginning of a trace. */
  begin(requestId: string, headers: Headers): TraceContext {
    const digits = requestId.slice(ID_PREFIX.length)
    const spanId = digits.slice(-SPAN_DIGITS)
    const parent = parseTraceParent(headers.get('traceparent'))
    if (parent === undefined)
      return { traceId: digits, spanId, parentId: undefined, sampled: this.isChosen(digits), traceState: undefined }
    const { traceId, parentId, sampled } = parent
    return { traceId, spanId, parentId, sampled, traceState: parseTraceState(headers.get('tracestate')) }
  }

  /** Tells an upstream which span of the trace calls it, or nothing: then the caller's own header does not go on either. */
  propagate(context: TraceContext, attempt: number, headers: Record<string, string>): void {
    if (!this.options.propagate) {
      delete headers['traceparent']
      return
    }
    headers['traceparent'] = formatTraceParent(context.traceId, attemptSpanId(context.spanId, attempt), context.sampled)
    if (context.traceState !== undefined) headers['tracestate'] = context.traceState
  }

  /** Chance by the last digits of the id, which are random: every exporter and replica decides alike. */
  private isChosen(traceId: string): boolean {
    const { sample } = this.options
    return sample >= 1 || Number.parseInt(traceId.slice(-SAMPLE_DIGITS), 16) / WHOLE < sample
  }
}

/** Span of an attempt, counted from 0: the ids that follow that of the request. */
export function attemptSpanId(requestSpanId: string, attempt: number): string {
  const low = (Number.parseInt(requestSpanId.slice(-SAMPLE_DIGITS), 16) + attempt + 1) % WHOLE
  return `${requestSpanId.slice(0, -SAMPLE_DIGITS)}${low.toString(16).padStart(SAMPLE_DIGITS, '0')}`
}
