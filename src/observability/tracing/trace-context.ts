/** Where a request stands in a distributed trace. */
export interface TraceContext {
  /** 32 hex digits. */
  readonly traceId: string
  /** Span of the request within the gateway: 16 hex digits. */
  readonly spanId: string
  /** Span of the caller; undefined when the trace begins here. */
  readonly parentId: string | undefined
  /** Whether the spans are exported; handed on to upstreams. */
  readonly sampled: boolean
  /** As the caller sent it, handed on. */
  readonly traceState: string | undefined
}
