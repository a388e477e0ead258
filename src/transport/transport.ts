import type { EgressPath } from './egress.settings.schema.ts'

/** A request body: whole, or in pieces so that large media is never copied into one buffer. Strings are sent as UTF-8. */
export type UpstreamBody = Uint8Array | string | readonly (Uint8Array | string)[] | StreamedBody | undefined

/** A body that is sent as it comes, and only once. */
export interface StreamedBody {
  readonly stream: ReadableStream<Uint8Array>
  /** In bytes, where it is known. */
  readonly length: number | undefined
}

/** One HTTP request to an upstream as it is built, credentials included: never log it, never put it into an error. */
export interface UnsentRequest {
  readonly url: string
  readonly method: string
  /** Lower-case names. */
  readonly headers: Record<string, string>
  readonly body: UpstreamBody
  /** How it leaves. Default: as the environment says, to any address. */
  readonly egress?: EgressPath | undefined
}

/** A request with what sending it takes. */
export interface UpstreamRequest extends UnsentRequest {
  readonly signal: AbortSignal
  /** `scheme://host:port` of `url`, where the caller has it at hand; saves parsing the URL once per request. */
  readonly origin?: string | undefined
  /** Provider the request goes to; repeated in errors. */
  readonly provider?: string | undefined
}

/** The only way to the outside. Implementations: `fetch-transport.ts` over HTTP, the mock provider in process. */
export interface Transport {
  /**
   * Resolves when the response headers are here, with any status but a redirect. The body is decoded (`content-encoding` is
   * undone) and must be read or cancelled by the caller (`discardBody`).
   *
   * Rejects with the signal's own reason when that is a `GatewayError` (a timeout set by the caller), with
   * `client_closed_request` for any other abort, else with `upstream_connect_failed` (the upstream has not seen the request),
   * `upstream_stream_interrupted` (it may have), `upstream_timeout` or `upstream_bad_response`. Before anything was sent it may also reject
   * with `egress_failed` (the proxy is at fault), `egress_disabled` (nothing may leave) or `address_not_allowed` (a private address).
   */
  send(request: UpstreamRequest): Promise<Response>
  /** True when a TCP connection to the origin succeeds within `timeoutMs`. True as well where that cannot be told (a proxy is in between). */
  isReachable(origin: string, timeoutMs: number, signal?: AbortSignal, egress?: EgressPath): Promise<boolean>
  /** True when the origin answered a request in the last minute, so that silence means a slow model and not a dead host. */
  isWarm(origin: string): boolean
}
