import type { ErrorCode } from '../errors/codes.ts'

/** What tells a kind of failure: machine words of `code` and `type` (lower case), and sentences of the message. */
export interface ErrorSigns {
  readonly code: ErrorCode
  readonly words: readonly string[]
  readonly phrases: RegExp
}

/** The prompt does not fit. Words about output limits must not match: those are the client's own mistake. */
export const CONTEXT_TOO_LONG: ErrorSigns = {
  code: 'upstream_context_too_long',
  words: [
    'context_length_exceeded',
    'context_window_exceeded',
    'model_context_window_exceeded',
    'exceed_context_size_error',
    'input_too_long',
    'prompt_too_long',
  ],
  phrases: new RegExp(
    [
      'maximum context length',
      'maximum prompt length',
      'context[ _](?:length|size|limit)s? (?:was |is |has been )?exceeded',
      'exceed(?:s|ed)? (?:the |its |this |model.s? )*(?:available |maximum )?(?:context (?:length|size|window|limit)|model token limit)',
      '(?:larger|longer) than (?:the |this )?(?:model.s )?(?:maximum )?context',
      'context length is only',
      'context window (?:is |was )?(?:exceeded|full|too small)',
      'reduce the length of the (?:input|messages|prompt)',
      'exceeds the maximum allowed (?:input )?length',
      'prompt (?:is|was) too (?:long|large)',
      'input (?:is|was|token length) too (?:long|large)',
      'input token count .{0,80}exceeds',
      'too many (?:input )?tokens',
      'maximum number of (?:input )?tokens',
      'max_new_tokens must be <=',
      'too large for model with \\d+ maximum context',
    ].join('|'),
    'i',
  ),
}

export const CONTENT_FILTERED: ErrorSigns = {
  code: 'upstream_content_filtered',
  words: [
    'content_filter',
    'content_policy_violation',
    'image_content_policy_violation',
    'responsibleaipolicyviolation',
    'moderation_blocked',
    'safety_violation',
    'safety_violations',
    'data_inspection_failed',
    'cyber_policy',
    'bio_policy',
  ],
  phrases:
    /content (?:management |filtering |usage |safety )?polic|content filter|content exists risk|considered high risk|input was flagged|(?:was|been) flagged|usage polic|safety system|rejected .{0,40}safety/i,
}

/** The account cannot pay. */
export const OUT_OF_MONEY: ErrorSigns = {
  code: 'upstream_payment_required',
  words: [
    'billing_error',
    'billing_not_active',
    'billing_hard_limit_reached',
    'payment_required',
    'insufficient_balance',
    'insufficient_credits',
    'account_deactivated',
  ],
  phrases:
    /credit balance is too low|insufficient (?:balance|credits|funds)|out of credits|billing (?:hard limit|is not active)|account is (?:in arrears|not active)|payment required|spending limit/i,
}

/** The account has used up what it may use for now. */
export const QUOTA_EXCEEDED: ErrorSigns = {
  code: 'upstream_quota_exceeded',
  words: [
    'insufficient_quota',
    'quota_exceeded',
    'exceeded_current_quota_error',
    'billing_hard_limit_reached',
    'billing_not_active',
    'usage_limit_reached',
    'usage_limit_exceeded',
  ],
  phrases:
    /exceeded your current quota|quota (?:has been |was |is )?exceeded|insufficient[ _]quota|usage limit|(?:daily|weekly|monthly) limit|insufficient (?:balance|credits)/i,
}

export const BAD_CREDENTIAL: ErrorSigns = {
  code: 'upstream_authentication',
  words: ['invalid_api_key', 'authentication_error', 'api_key_invalid', 'unauthorized', 'unauthenticated', 'account_deactivated'],
  phrases:
    /(?:incorrect|invalid|missing|expired) api[ -]?key|api[ -]?key (?:is )?(?:not valid|invalid|not found|expired|missing)|invalid authentication/i,
}

/** The client chose an organisation or project that the key does not belong to: its mistake, not the credential's. */
export const WRONG_ORGANISATION: ErrorSigns = {
  code: 'upstream_invalid_request',
  words: ['mismatched_organization', 'mismatched_project', 'invalid_organization', 'invalid_project'],
  phrases: /openai-(?:organization|project) header|no such (?:organization|project)/i,
}

export const MODEL_NOT_FOUND: ErrorSigns = {
  code: 'upstream_model_not_found',
  words: [
    'model_not_found',
    'invalid_model',
    'unknown_model',
    'model_not_available',
    'model_decommissioned',
    'deployment_not_found',
    'deploymentnotfound',
  ],
  phrases:
    /(?:invalid|unknown|no such) model|model\b.{0,160}\b(?:does not exist|not found|is not available|no longer available|is not a valid model|has been (?:decommissioned|retired|shut down))|not a valid model id|no endpoints found/i,
}

export const OVERLOADED: ErrorSigns = {
  code: 'upstream_overloaded',
  words: [
    'overloaded',
    'overloaded_error',
    'engine_overloaded',
    'engine_overloaded_error',
    'server_is_overloaded',
    'slow_down',
    'service_unavailable',
    'service_unavailable_error',
    'unavailable',
    'capacity_exceeded',
  ],
  phrases: /overloaded|at capacity|capacity (?:is )?exceeded|no capacity|insufficient capacity/i,
}

export const RATE_LIMITED: ErrorSigns = {
  code: 'upstream_rate_limited',
  words: [
    'rate_limit_error',
    'rate_limit_exceeded',
    'rate_limit_reached_error',
    'rate_limited',
    'too_many_requests',
    'requests',
    'tokens',
    'throttling_error',
    'throttlingexception',
    'resource_exhausted',
  ],
  phrases: /rate[ -]?limit|too many requests|throttl|requests per (?:minute|day)|tokens per (?:minute|day)/i,
}

export const TIMED_OUT: ErrorSigns = {
  code: 'upstream_timeout',
  words: ['timeout', 'timeout_error', 'request_timeout', 'gateway_timeout', 'deadline_exceeded', 'vector_store_timeout'],
  phrases: /timed? ?out/i,
}

/** Words without a sign of their own: the vendor names the kind, and only the kind. Used where there is no status. */
export const PLAIN_WORDS: Readonly<Record<string, ErrorCode>> = {
  invalid_request_error: 'upstream_invalid_request',
  invalid_request: 'upstream_invalid_request',
  invalid_prompt: 'upstream_invalid_request',
  bad_request: 'upstream_invalid_request',
  permission_error: 'upstream_permission',
  permission_denied: 'upstream_permission',
  not_found_error: 'upstream_model_not_found',
  request_too_large: 'upstream_body_too_large',
  api_error: 'upstream_server_error',
  server_error: 'upstream_server_error',
  internal_error: 'upstream_server_error',
  internal_server_error: 'upstream_server_error',
}
