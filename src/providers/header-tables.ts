import type { WireFormat } from '../ir/wire-format.ts'

/** Which headers cross the gateway for one upstream format. All names in lower case; whatever is not listed stays behind. */
export interface HeaderTable {
  /** Of the client's request, when the client speaks the same format. */
  readonly request: readonly string[]
  /** Of the client's request, when the client speaks the same format and the upstream is the format's own vendor. */
  readonly requestToVendor: readonly string[]
  /** Sent when the client did not say otherwise. */
  readonly requestDefaults: Readonly<Record<string, string>>
  /** Of the upstream's answer, whatever the client speaks. */
  readonly response: readonly string[]
  /** Of the upstream's answer, to clients of the same format. */
  readonly responseToSameFormat: readonly string[]
}

/** Goes upstream in every case: random ids that join the traces of both sides. `tracestate` and `baggage` may hold more, and stay. */
export const REQUEST_ALWAYS: readonly string[] = ['traceparent']

/** Where an upstream puts the id it knows the call by; the client sees it as `x-switchback-upstream-request-id`. */
export const UPSTREAM_REQUEST_ID: readonly string[] = ['x-request-id', 'request-id', 'x-amzn-requestid']

const limits = (prefix: string, kinds: readonly string[]): string[] =>
  kinds.flatMap((kind) => ['limit', 'remaining', 'reset'].map((what) => `${prefix}-${kind.replace('*', what)}`))

const OPENAI_LIMITS = limits('x-ratelimit', ['*-requests', '*-tokens'])

const OPENAI: HeaderTable = {
  // Left out on purpose: the client's user-agent and x-stainless-* (its software is not the provider's business), idempotency-key
  // (an attempt is not the call: retries and fallbacks would collide).
  request: [],
  // Organisation and project choose among what the gateway's key may use. A wrong choice is the client's fault and locks nothing.
  requestToVendor: ['openai-organization', 'openai-project', 'openai-beta', 'x-client-request-id'],
  requestDefaults: {},
  // Not openai-organization: whose account pays is the operator's business.
  response: [...OPENAI_LIMITS, 'x-ratelimit-limit', 'x-ratelimit-remaining', 'x-ratelimit-reset'],
  responseToSameFormat: ['openai-processing-ms', 'openai-version', 'x-should-retry'],
}

const ANTHROPIC: HeaderTable = {
  request: ['anthropic-version'],
  // anthropic-beta is joined from several sources and treated in `request-headers.ts`.
  requestToVendor: [],
  requestDefaults: { 'anthropic-version': '2023-06-01' },
  response: [
    ...limits('anthropic-ratelimit', ['requests-*', 'tokens-*', 'input-tokens-*', 'output-tokens-*']),
    ...limits('anthropic-priority', ['input-tokens-*', 'output-tokens-*']),
  ],
  responseToSameFormat: ['x-should-retry'],
}

/** Clients and upstreams of these formats say nothing in headers that the other side has to know. */
const SILENT: HeaderTable = { request: [], requestToVendor: [], requestDefaults: {}, response: [], responseToSameFormat: [] }

export const HEADER_TABLES: Readonly<Record<WireFormat, HeaderTable>> = {
  openai: OPENAI,
  responses: OPENAI,
  anthropic: ANTHROPIC,
  gemini: SILENT,
  bedrock_converse: SILENT,
}

/** Credentials: never taken from a client, and never allowed among a provider's static headers. */
export const CREDENTIAL_HEADERS: ReadonlySet<string> = new Set([
  'authorization',
  'proxy-authorization',
  'cookie',
  'set-cookie',
  'x-api-key',
  'api-key',
  'x-goog-api-key',
])

/** Describe one connection or one body; the transport sets its own. */
export const CONNECTION_HEADERS: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
  'host',
  'content-length',
  'content-encoding',
  'content-type',
])
