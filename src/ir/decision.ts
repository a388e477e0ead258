import type { Target } from './target.ts'

/** Why a candidate was refused: a code for machines, a sentence for people, and the facts the check looked at. */
export interface Rejection {
  readonly target_id: string
  readonly code: RejectionCode
  readonly reason: string
  readonly evidence?: Record<string, unknown> | undefined
}

export type RejectionCode =
  | 'unknown_provider'
  | 'no_accounts'
  | 'translation_loss'
  | 'streaming_unsupported'
  | 'tools_unsupported'
  | 'json_schema_unsupported'
  | 'vision_unsupported'
  | 'audio_unsupported'
  | 'file_unsupported'
  | 'context_window_too_small'
  | 'output_limit_too_small'

/** What the decision was made from; enough to recompute it with the same snapshot. */
export interface DecisionInputs {
  readonly model: string
  readonly stream: boolean
  readonly tools: boolean
  readonly json_schema: boolean
  readonly vision: boolean
  readonly audio: boolean
  readonly file: boolean
  readonly client_format: string
  readonly estimated_input_tokens: number
  readonly max_output_tokens?: number | undefined
  /** Features of the request that some format cannot carry, sorted. */
  readonly features: readonly string[]
}

/** The decision as stored and shown: schema `switchback.decision/v1`. */
export interface RouteDecision {
  readonly schema: 'switchback.decision/v1'
  readonly request_id: string
  readonly route: string
  readonly strategy: string
  readonly selected: { readonly target_id: string } | null
  readonly fallbacks: readonly { readonly target_id: string }[]
  readonly rejected: readonly Rejection[]
  readonly reason: readonly string[]
  readonly unverified: boolean
  readonly scores: readonly unknown[]
  readonly inputs: DecisionInputs
}

/** The decision as the engine uses it: small, built on the response path; `RouteDecision` is made from it afterwards. */
export interface RoutePlan {
  readonly route: string
  readonly strategy: string
  /** Ordered: the first is tried first. */
  readonly targets: readonly Target[]
  readonly rejected: readonly Rejection[]
  readonly unverified: boolean
}
