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
      'exceed(?:s|ed)? (?:the |its |this |model.s? )*(?:available |max(?:imum)? )?(?:context (?:length|size|window|limit)|model token limit)',
      '(?:larger|longer) than (?:the |this )?(?:model.s )?(?:maximum )?context',
      'context length (?:is|of) only',
      'less than the context length',
      'context window (?:is |was )?(?:exceeded|full|too small)',
      'reduce the length of the (?:input|messages|prompt)',
      '(?:input|prompt)\\b.{0,40}exceeds the maximum allowed (?:input )?length',
      'prompt (?:is |was )?too (?:long|large)',
      'prompt exceeds max(?:imum)? length',
      'range of input length should be',
      'input (?:is|was|token length) too (?:long|large)',
      'input token count .{0,80}exceeds',
      'too many input tokens',
      'maximum number of (?:input|prompt) tokens',
      'max_new_tokens`? +must be <=',
      // One message alone is longer than a string may be; names and ids that are too long must not match.
      "^invalid '(?:input|instructions|messages)(?:\\[\\d+\\])?(?:\\.(?:content|text|output|arguments)(?:\\[\\d+\\])?)*': string too long",
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
    'datainspectionfailed',
    'cyber_policy',
    'bio_policy',
  ],
  phrases:
    /content (?:management |filtering |usage |safety )?polic|content filter|content exists risk|considered high risk|inappropriate content|unsafe or sensitive content|violates usage guidelines|input was flagged|(?:was|been) flagged|usage polic|safety system|rejected .{0,40}safety/i,
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
    'credit_limit_exceeded',
    'arrearage',
    'account_deactivated',
  ],
  phrases:
    /credit balance is too low|insufficient (?:balance|credits|funds)|out of credits|used all available credits|credit limit exceeded|account is in good standing|billing (?:hard limit|is not active)|account is (?:in arrears|not active)|payment required|spending limit/i,
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
    'servicequotaexceededexception',
    'allocationquota.freetieronly',
  ],
  phrases:
    /exceeded your current quota|quota (?:has been |was |is )?exceeded|insufficient[ _]quota|(?:reached|exceeded|hit) .{0,40}\busage limit|usage limit (?:has been |was |is )?(?:reached|exceeded)|(?:daily|weekly|monthly) limit|free tier .{0,40}exhausted/i,
}

export const BAD_CREDENTIAL: ErrorSigns = {
  code: 'upstream_authentication',
  words: [
    'invalid_api_key',
    'wrong_api_key',
    'incorrect_api_key_error',
    'api_key_invalid',
    'authentication_error',
    'invalid_authentication_error',
    'unauthorized',
    'unauthenticated',
    'unrecognizedclientexception',
    'expiredtokenexception',
    'invalidsignatureexception',
    'account_deactivated',
  ],
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
    /(?:invalid|unknown|no such) model|model\b.{0,160}\b(?:does not exist|not found|is not available|no longer available|is not a valid model|has been (?:decommissioned|retired|shut down))|not a valid model id|model not exist|model identifier is invalid|on-demand throughput isn.t supported|no endpoints found/i,
}

/** An earlier answer, a file or a conversation that the client refers to is gone or was never there. */
export const OBJECT_NOT_FOUND: ErrorSigns = {
  code: 'upstream_invalid_request',
  words: ['previous_response_not_found', 'item_not_found', 'conversation_not_found', 'file_not_found'],
  phrases:
    /^(?:item|previous response|response|conversation|container|file) with id\b.{0,200}\bnot found|^no such (?:file|container) object/i,
}

/** One request asks for more than the account may have at once: more tokens than in a minute, dearer than its credit. */
export const REQUEST_OVER_LIMIT: ErrorSigns = {
  code: 'upstream_request_over_limit',
  words: [],
  phrases: /request too large for .{0,200}\btokens per (?:min|day)|can only afford \d+/i,
}

/** A limit in bytes, told with the status of an invalid request. */
export const BODY_TOO_LARGE: ErrorSigns = {
  code: 'upstream_body_too_large',
  words: ['request_too_large'],
  phrases: /total message size \d+ exceeds limit/i,
}

/** NVIDIA tells with the status of an invalid request that a hosted model does not work for now. */
export const DEGRADED_FUNCTION: ErrorSigns = {
  code: 'upstream_overloaded',
  words: [],
  phrases: /^function id '[^']*': degraded function cannot be invoked/i,
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
    'nocapacity',
    'queue_exceeded',
    'modelnotreadyexception',
  ],
  phrases:
    /overloaded|at capacity|capacity (?:is )?exceeded|no capacity|insufficient capacity|system capacity|high (?:demand|traffic)|(?:model|server) is not ready|server (?:is )?busy/i,
}

export const RATE_LIMITED: ErrorSigns = {
  code: 'upstream_rate_limited',
  words: [
    'rate_limit_error',
    'rate_limit_exceeded',
    'rate_limit_reached_error',
    'rate_limited',
    'too_many_requests',
    'too_many_requests_error',
    'request_quota_exceeded',
    'token_quota_exceeded',
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
