import type { CandidateEvidence, ScoreEvidence, Standing } from './decision-evidence.ts'
import type { Feature } from './feature.ts'
import type { AccountId } from './ids.ts'
import type { TargetObservation } from './observed.ts'
import type { AllowList } from './principal.ts'
import type { TargetFacts } from './snapshot.ts'
import type { Target } from './target.ts'

/** Why a candidate was refused: a code for machines, a sentence for people, and the facts the check looked at. */
export interface Rejection {
  readonly target_id: string
  readonly code: RejectionCode
  readonly reason: string
  readonly evidence?: Record<string, unknown> | undefined
}

export type RejectionCode =
  | 'unknown_model'
  | 'unknown_provider'
  | 'no_accounts'
  | 'disabled'
  | 'over_limit'
  | 'provider_not_allowed'
  | 'account_not_allowed'
  | 'state_elsewhere'
  | 'endpoint_unsupported'
  | 'translation_loss'
  | 'streaming_unsupported'
  | 'tools_unsupported'
  | 'parallel_tools_unsupported'
  | 'json_schema_unsupported'
  | 'vision_unsupported'
  | 'vision_source_unsupported'
  | 'audio_unsupported'
  | 'file_unsupported'
  | 'hosted_tools_unsupported'
  | 'reasoning_unsupported'
  | 'image_out_unsupported'
  | 'format_not_allowed'
  | 'context_window_too_small'
  | 'context_window_unknown'
  | 'output_limit_too_small'
  | 'lane_not_allowed'
  | 'price_too_high'
  | 'price_unknown'
  | 'not_certified'

/** What the decision was made from; enough to recompute it with the same snapshot. */
export interface DecisionInputs {
  readonly model: string
  readonly stream: boolean
  readonly tools: boolean
  readonly parallel_tools?: boolean | undefined
  readonly json_schema: boolean
  readonly vision: boolean
  readonly audio: boolean
  readonly file: boolean
  readonly client_format: string
  readonly estimated_input_tokens: number
  readonly max_output_tokens?: number | undefined
  /** Features of the request that some format cannot carry, sorted. */
  readonly features: readonly string[]
  /** Those of them whose loss changes nothing about the answer, sorted. */
  readonly housekeeping?: readonly string[] | undefined
  /** Family of the client by its user agent. */
  readonly client?: string | undefined
  readonly principal?: PrincipalInputs | undefined
  /** `RequestHints` with snake_case keys. */
  readonly hints?: Readonly<Record<string, unknown>> | undefined
  /** Who served the session before. */
  readonly session?:
    | { readonly target_id: string; readonly account_id?: string | undefined; readonly cached_tokens?: number | undefined }
    | undefined
  /** Who gave the answer that the request continues by its id; without a target nobody remembered it. */
  readonly origin?: { readonly target_id?: string | undefined; readonly account_id?: string | undefined } | undefined
  /** What a call of another endpoint asks of its target; `provider` is the only one it is for. */
  readonly endpoint?: EndpointInputs | undefined
}

export interface EndpointInputs {
  readonly offers: readonly string[]
  readonly provider?: string | undefined
}

export interface PrincipalInputs {
  readonly role: string
  readonly key_id?: string | undefined
  readonly tenant?: string | undefined
  readonly project?: string | undefined
  readonly owner?: string | undefined
  readonly allowed?: AllowList | undefined
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
  readonly scores: readonly ScoreEvidence[]
  readonly inputs: DecisionInputs
  /** Everything below is absent from refusals that never came to candidates. */
  readonly candidates?: readonly CandidateEvidence[] | undefined
  /** 32-bit number that stands for chance. */
  readonly seed?: number | undefined
  /** Position of `round_robin` when this was decided. */
  readonly cursor?: number | undefined
  /** Conditions of routes on what is not recorded, and whether they held. */
  readonly conditions?: Readonly<Record<string, boolean>> | undefined
  readonly no_fallback?: boolean | undefined
  readonly deadline_ms?: number | undefined
  /** Of previews: what would become of media at the targets where it cannot go as it is. */
  readonly media?: readonly MediaForecast[] | undefined
}

export interface MediaForecast {
  readonly target_id: string
  /** Places in the request whose media would be fetched and sent within it. */
  readonly inlined: readonly string[]
  /** Kinds of media the target cannot take: it would be passed over. */
  readonly refused: readonly Feature[]
}

/** A candidate as the decision saw it. */
export interface WeighedCandidate {
  readonly target: Target
  readonly facts: TargetFacts
  readonly observed: TargetObservation
  readonly standing: Standing
}

/** What explains a plan. Made from what the plan kept, off the response path. */
export type PlanEvidence = Pick<RouteDecision, 'scores' | 'seed' | 'cursor' | 'conditions'> & {
  readonly candidates: readonly WeighedCandidate[]
  /** Lines for `reason`, after those that tell the route and the needs. */
  readonly reason: readonly string[]
}

/** The decision as the engine uses it: small, built on the response path; `RouteDecision` is made from it afterwards. */
export interface RoutePlan {
  readonly route: string
  readonly strategy: string
  /** Ordered: the first is tried first. */
  readonly targets: readonly Target[]
  readonly rejected: readonly Rejection[]
  /** How many `rejected` holds, where counting them is cheaper than making them. */
  readonly rejectedCount?: number | undefined
  readonly unverified: boolean
  /** Account of the first target that served the session, or the turn, before; tried first while it can be used. */
  readonly account?: AccountId | undefined
  /** The client wants no second target; `targets` holds one at most. */
  readonly noFallback?: boolean | undefined
  /** Milliseconds after the request's arrival at which nothing more may be begun. */
  readonly deadlineMs?: number | undefined
  evidence?(): PlanEvidence
}
