import type { RouteDecision } from './decision.ts'
import type { Diagnostic } from './diagnostic.ts'
import type { CallOperation } from './endpoint.ts'
import type { Usage } from './usage.ts'

/** One dispatch to one account of one target. Codes only: never text of an upstream. */
export interface AttemptRecord {
  readonly target_id: string
  readonly provider_id: string
  readonly model: string
  readonly account_id: string
  readonly format: string
  /** Way out of the configuration that it took; absent for the direct one. */
  readonly egress?: string | undefined
  /** Milliseconds after the request arrived. */
  readonly started_ms: number
  readonly latency_ms: number
  readonly outcome: 'success' | 'failed' | 'cancelled'
  /** Code of the error table. */
  readonly error_code?: string | undefined
  readonly error_category?: string | undefined
  readonly upstream_status?: number | undefined
  readonly upstream_error_type?: string | undefined
  readonly upstream_request_id?: string | undefined
  /** What followed a failure. */
  readonly next?: 'retry' | 'next-account' | 'next-target' | 'stop' | undefined
  /** Why the gateway gave a running attempt up: another one beside it was faster, the client left, or the caller's key has ended. */
  readonly cancelled_because?: 'hedge' | 'client' | 'stopped' | undefined
  /** True when bytes went through as they were; else the reasons why not. */
  readonly passthrough: boolean
  readonly passthrough_refused?: readonly string[] | undefined
  /** What the attempt used, as far as its upstream told it before it ended, or as it was estimated. */
  readonly usage?: Omit<Usage, 'raw'> | undefined
  /**
   * How much of that is known. `partial`: it was cut short, and may have used more. `estimated`: it ended before its upstream told, and
   * tokens were counted by what went by. `unknown`: it may have used something, and nothing was told. `unused`: it was never sent, or plainly refused. Absent from records of versions that did not ask.
   */
  readonly usage_known?: 'whole' | 'partial' | 'estimated' | 'unknown' | 'unused' | undefined
}

/** A target of the plan that was passed over without a call. */
export interface SkippedTarget {
  readonly target_id: string
  /** The failures that locked its accounts, or what keeps calls from the target itself; `upstream_context_too_long` was its session's. */
  readonly error_codes: readonly string[]
  /** Until it can be tried again; absent when nobody knows. */
  readonly retry_after_ms?: number | undefined
}

/** Schema `switchback.record/v1`: what happened to one request, metadata only. Written exactly once, when the request has ended. */
export interface RequestRecord {
  readonly schema: 'switchback.record/v1'
  readonly request_id: string
  /** Unix milliseconds. */
  readonly started_at: number
  readonly engine_version: string
  readonly revision: number
  readonly config_hash: string
  readonly operation: CallOperation
  readonly client_format: string
  readonly requested_model: string
  readonly session_id?: string | undefined
  readonly tenant?: string | undefined
  readonly api_key_id?: string | undefined
  /** The person or team the key was issued to. */
  readonly owner?: string | undefined
  readonly role: string
  readonly streamed: boolean
  readonly decision: RouteDecision
  readonly attempts: readonly AttemptRecord[]
  /** Undefined when every target that was reached could be called. */
  readonly skipped?: readonly SkippedTarget[] | undefined
  readonly diagnostics: readonly Diagnostic[]
  /** Status the client saw; 499 when it went away first. */
  readonly status: number
  readonly error_code?: string | undefined
  /** Target that served, if any. */
  readonly served?: string | undefined
  readonly served_model?: string | undefined
  readonly finish?: string | undefined
  readonly finish_raw?: string | undefined
  readonly usage?: Omit<Usage, 'raw'> | undefined
  readonly timings: {
    readonly total_ms: number
    readonly first_token_ms?: number | undefined
    /** Time spent in the gateway itself before the answer began, in microseconds. */
    readonly overhead_us: number
  }
  readonly request_bytes: number
  readonly committed_early?: boolean | undefined
  /** The client's SDK had sent the same call so many times before. */
  readonly client_retry?: number | undefined
}
