/** What a failure means, in one word. */
export type ErrorCategory =
  | 'authentication'
  | 'authorization'
  | 'rate-limited'
  | 'quota-exceeded'
  | 'budget-exceeded'
  | 'overloaded'
  | 'timeout'
  | 'network'
  | 'invalid-request'
  | 'context-too-long'
  | 'unsupported-capability'
  | 'content-filtered'
  | 'server-error'
  | 'stream-interrupted'
  | 'not-found'
  | 'no-route'
  | 'cancelled'
  | 'config'
  | 'internal'

/** What the attempt loop does next. `stop` tells the client at once. */
export type NextStep = 'retry' | 'next-account' | 'next-target' | 'stop'

export interface ErrorRow {
  /** Status the client gets when this ends the request and no upstream status is to be kept. */
  readonly httpStatus: number
  readonly category: ErrorCategory
  readonly next: NextStep
  /** What is locked for other requests, and for how long (ms) when the upstream names no time. */
  readonly locks: 'nothing' | 'account' | 'account-model'
  readonly lockMs: number
  /** Whether it counts against the provider's health. A client's own mistake never does. */
  readonly countsAgainstHealth: boolean
  /** Whether the message may be shown to the client. */
  readonly exposeMessage: boolean
}

const row = (httpStatus: number, category: ErrorCategory, next: NextStep, options: Partial<ErrorRow> = {}): ErrorRow => ({
  httpStatus,
  category,
  next,
  locks: 'nothing',
  lockMs: 0,
  countsAgainstHealth: false,
  exposeMessage: true,
  ...options,
})

/**
 * The one table of failures. Lock times are the reference's constants: 120 s after a refused credential, 30 s after a
 * transient fault, 2 s (doubling, at most 300 s) after a rate limit.
 */
export const ERROR_TABLE = {
  // told by the gateway itself
  invalid_body: row(400, 'invalid-request', 'stop'),
  invalid_json: row(400, 'invalid-request', 'stop'),
  unsupported_media_type: row(415, 'invalid-request', 'stop'),
  body_too_large: row(413, 'invalid-request', 'stop'),
  body_too_deep: row(413, 'invalid-request', 'stop'),
  request_timeout: row(408, 'timeout', 'stop'),
  ambiguous_credentials: row(400, 'invalid-request', 'stop'),
  invalid_api_key: row(401, 'authentication', 'stop'),
  provider_key_presented: row(401, 'authentication', 'stop'),
  /** It has the form of a key of this gateway, but its checksum does not fit. */
  api_key_mistyped: row(401, 'authentication', 'stop'),
  api_key_expired: row(401, 'authentication', 'stop'),
  api_key_revoked: row(401, 'authentication', 'stop'),
  /** The key, or the owner, project or tenant it belongs to, is out of use for the time being. */
  api_key_disabled: row(403, 'authorization', 'stop'),
  forbidden: row(403, 'authorization', 'stop'),
  forbidden_origin: row(403, 'authorization', 'stop'),
  route_not_found: row(404, 'not-found', 'stop'),
  method_not_allowed: row(405, 'invalid-request', 'stop'),
  record_not_found: row(404, 'not-found', 'stop'),
  model_not_found: row(404, 'no-route', 'stop'),
  /** The configuration has no provider, account or model of the name an operator gave. */
  subject_not_found: row(404, 'not-found', 'stop'),
  /** There is no key, tenant, project or owner of the name. */
  tenancy_not_found: row(404, 'not-found', 'stop'),
  /** A name is taken, or somebody else changed the same thing in the same moment. */
  tenancy_conflict: row(409, 'invalid-request', 'stop'),
  revision_not_found: row(404, 'not-found', 'stop'),
  /** Another revision is published than whoever publishes believes. */
  revision_conflict: row(409, 'invalid-request', 'stop'),
  /** A configuration that was to be published is no good; `details.problems` has all that is wrong with it. */
  revision_refused: row(422, 'config', 'stop'),
  /** No target of the model offers what was asked for; `details.rejected` has those that were looked at. */
  endpoint_unsupported: row(400, 'unsupported-capability', 'stop'),
  /** A file or batch that this caller has not made, or that is not remembered any more. */
  object_not_found: row(404, 'not-found', 'stop'),
  no_eligible_target: row(503, 'no-route', 'stop'),
  /** No target's context is large enough for the prompt; told as the client's own vendor tells an overflow, so that agents compact. */
  context_window_exceeded: row(400, 'context-too-long', 'stop'),
  /** Nothing can be tried now, and not only because of limits. `details.targets` has each target's reason and time. */
  all_targets_unavailable: row(503, 'overloaded', 'stop'),
  /** Nothing can be tried now because every account is at its limit. `details.targets` has each target's reason and time. */
  all_targets_rate_limited: row(429, 'rate-limited', 'stop'),
  /** The target failed too often lately, and its circuit breaker keeps it out for a while. */
  circuit_open: row(503, 'overloaded', 'next-target'),
  /** As many calls to the target are under way as its bulkhead allows. */
  target_busy: row(503, 'overloaded', 'next-target'),
  /** An operator took the target, its provider or its model out of use. */
  target_disabled: row(503, 'no-route', 'next-target'),
  /** The caller has spent its budget, or what is left does not cover the call. `details.limit` names the budget. */
  budget_exceeded: row(402, 'budget-exceeded', 'stop'),
  /** The caller has a budget, and nobody knows what the model costs. */
  price_required: row(402, 'budget-exceeded', 'next-target'),
  /** The caller, or the place, has a budget, and what this address uses cannot be told. */
  unmetered_refused: row(402, 'budget-exceeded', 'next-target'),
  /** The caller is over a limit of its own. `details.limit` names it. */
  limit_exceeded: row(429, 'rate-limited', 'stop'),
  /** The gateway is full, and no place came free in time. */
  admission_timeout: row(503, 'overloaded', 'stop'),
  /** The store that several gateways share cannot be reached, and the operator wants nothing to be let in without it. */
  coordination_lost: row(503, 'overloaded', 'stop'),
  /** The provider or the account is over a limit or budget that the operator set. */
  target_over_limit: row(429, 'rate-limited', 'next-account'),
  /** A call under the same idempotency key is under way. */
  idempotency_in_flight: row(409, 'invalid-request', 'stop'),
  /** The idempotency key was used for another body. */
  idempotency_mismatch: row(422, 'invalid-request', 'stop'),
  shutting_down: row(503, 'overloaded', 'stop'),
  /** Too much is held in memory for another large body. */
  gateway_overloaded: row(503, 'overloaded', 'stop'),
  client_closed_request: row(499, 'cancelled', 'stop'),
  count_tokens_unsupported: row(400, 'unsupported-capability', 'stop'),
  translation_refused: row(422, 'unsupported-capability', 'next-target'),
  /** The answer does not keep to the JSON Schema it was asked for, and the route wants it to. */
  answer_schema_mismatch: row(422, 'unsupported-capability', 'next-target'),
  /** Media that the request names by address could not be fetched for a target that takes none by address. */
  media_unavailable: row(400, 'invalid-request', 'next-target'),
  deadline_exceeded: row(504, 'timeout', 'stop'),
  internal: row(500, 'internal', 'stop', { exposeMessage: false }),
  /** What an account logs in with is used up or was withdrawn: somebody has to log in again. */
  credential_rejected: row(401, 'authentication', 'next-account', { locks: 'account', lockMs: 120_000 }),
  /** What an account logs in with could not be had just now: a token endpoint that does not answer, a file that is not there. */
  credential_unavailable: row(503, 'overloaded', 'next-account', { locks: 'account', lockMs: 30_000 }),
  // told by, or about, an upstream
  upstream_authentication: row(401, 'authentication', 'next-account', {
    locks: 'account',
    lockMs: 120_000,
    countsAgainstHealth: true,
  }),
  upstream_permission: row(403, 'authorization', 'next-account', {
    locks: 'account',
    lockMs: 120_000,
    countsAgainstHealth: true,
  }),
  upstream_payment_required: row(402, 'quota-exceeded', 'next-account', { locks: 'account', lockMs: 120_000 }),
  upstream_rate_limited: row(429, 'rate-limited', 'next-account', { locks: 'account-model', lockMs: 2_000 }),
  upstream_quota_exceeded: row(429, 'quota-exceeded', 'next-account', { locks: 'account-model', lockMs: 2_000 }),
  /** Larger than what the account may send at once: waiting changes nothing, and smaller requests still go through. */
  upstream_request_over_limit: row(429, 'rate-limited', 'next-account'),
  upstream_overloaded: row(503, 'overloaded', 'next-target', {
    locks: 'account-model',
    lockMs: 2_000,
    countsAgainstHealth: true,
  }),
  upstream_model_not_found: row(404, 'not-found', 'next-target'),
  upstream_invalid_request: row(400, 'invalid-request', 'stop'),
  upstream_context_too_long: row(400, 'context-too-long', 'next-target'),
  upstream_content_filtered: row(400, 'content-filtered', 'stop'),
  upstream_body_too_large: row(413, 'invalid-request', 'next-target'),
  upstream_conflict: row(409, 'server-error', 'retry', { countsAgainstHealth: true }),
  upstream_timeout: row(504, 'timeout', 'retry', { locks: 'account-model', lockMs: 30_000, countsAgainstHealth: true }),
  upstream_connect_failed: row(502, 'network', 'retry', { locks: 'account-model', lockMs: 30_000, countsAgainstHealth: true }),
  upstream_server_error: row(502, 'server-error', 'retry', { locks: 'account-model', lockMs: 30_000, countsAgainstHealth: true }),
  upstream_stream_interrupted: row(502, 'stream-interrupted', 'retry', {
    locks: 'account-model',
    lockMs: 30_000,
    countsAgainstHealth: true,
  }),
  upstream_bad_response: row(502, 'server-error', 'next-target', { countsAgainstHealth: true }),
  upstream_other: row(502, 'server-error', 'next-target', { countsAgainstHealth: true }),
  // told by, or about, the way to an upstream
  /** The proxy of the account's egress cannot be used; says nothing of the provider behind it. */
  egress_failed: row(502, 'network', 'next-account', { locks: 'account', lockMs: 30_000 }),
  /** The operator has closed the way: this egress, or all of them. */
  egress_disabled: row(503, 'config', 'next-account'),
  /** The address is private, and requests to it are to stay on the public internet. */
  address_not_allowed: row(502, 'config', 'next-target'),
  // told before serving
  config_invalid: row(500, 'config', 'stop'),
  data_dir_locked: row(500, 'config', 'stop'),
  state_incompatible: row(500, 'internal', 'stop'),
  state_unavailable: row(503, 'internal', 'stop'),
  /** `ledger.required`, and neither the ledger nor its local file can take what a call costs: no call is begun. */
  usage_store_unavailable: row(503, 'internal', 'stop'),
  /** `ledger.required`, and what this call cost could not be kept. */
  usage_persistence_failed: row(500, 'internal', 'stop'),
  address_in_use: row(500, 'config', 'stop'),
} as const satisfies Record<string, ErrorRow>

export type ErrorCode = keyof typeof ERROR_TABLE
