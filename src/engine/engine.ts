import type { Codec } from '../codecs/codec.ts'
import type { GatewayError } from '../errors/gateway-error.ts'
import type { Diagnostic } from '../ir/diagnostic.ts'
import type { RouteDecision } from '../ir/decision.ts'
import type { RequestHints } from '../ir/hints.ts'
import type { RequestId } from '../ir/ids.ts'
import type { Principal } from '../ir/principal.ts'
import type { LlmRequest } from '../ir/request.ts'
import type { CallOperation } from '../ir/endpoint.ts'
import type { WireFormat } from '../ir/wire-format.ts'
import type { EndpointUse } from './endpoints/endpoint-use.ts'

/** The client's body as received (decompressed). Bytes, because searching and splicing them is many times faster than with a string. */
export interface RequestBody {
  readonly bytes: Uint8Array
  /** The same as text, for small bodies of ASCII alone: positions in both are the same. */
  readonly text?: string | undefined
  /** Media cut out of the parsed form, by the token that stands for it; empty for ordinary bodies. */
  readonly blobs: ReadonlyMap<string, Uint8Array>
  /** How many of the bytes are no text for a model, such as an uploaded file. */
  readonly opaqueBytes?: number | undefined
}

/** One authenticated, parsed call. */
export interface Call {
  readonly requestId: RequestId
  /** `Clock.now()` when the first byte of the request was seen. */
  readonly receivedAt: number
  readonly codec: Codec
  /** Model and stream of the request, which are asked for all the time. */
  readonly model: string
  readonly stream: boolean
  /** Decoded again when it was let go. */
  readonly request: LlmRequest
  /** What decoding the request already had to report. */
  readonly diagnostics: readonly Diagnostic[]
  readonly body: RequestBody
  /** The client's request headers, lower-case names. The engine forwards only what its format's header table allows. */
  readonly headers: Headers
  readonly principal: Principal
  /** What the client asks of routing. */
  readonly hints?: RequestHints | undefined
  /** Undefined for calls that generate an answer or count its tokens. */
  readonly endpoint?: EndpointUse | undefined
  /** Aborts when the client goes away. */
  readonly signal: AbortSignal
  /** The request will probably not be asked for again. */
  letGo(): void
}

/** Response headers in the order they are sent. */
export type HeaderList = readonly (readonly [name: string, value: string])[]

/**
 * A stream of frame-aligned bytes for the client. `next` is pulled one chunk at a time (backpressure reaches the upstream);
 * undefined means the end. It never rejects: failures are told in-band, in the client's format.
 */
export interface AnswerStream {
  next(): Promise<Uint8Array | undefined>
  /** What is there without waiting. Undefined says nothing about the end. */
  take?(): Uint8Array | undefined
  /** The client went away. */
  cancel(): void
  /** Keep-alive frame, to be written whenever nothing was sent for `pingMs`. */
  readonly ping: Uint8Array
  readonly pingMs: number
  /** After the end: the answer broke off, and its format has no words for that, so the connection has to tell. */
  readonly isCut?: boolean
}

export type Answer =
  | { readonly kind: 'whole'; readonly status: number; readonly headers: HeaderList; readonly body: Uint8Array | string }
  | { readonly kind: 'stream'; readonly status: number; readonly headers: HeaderList; readonly stream: AnswerStream }
  | { readonly kind: 'error'; readonly error: GatewayError; readonly headers: HeaderList }

/** A call that was authenticated and then refused because its body is no request. */
export interface RefusedBody {
  readonly requestId: RequestId
  readonly receivedAt: number
  readonly operation: CallOperation
  readonly format: WireFormat
  readonly principal: Principal
  readonly error: GatewayError
  readonly requestBytes: number
}

/** What a preview needs of a call. Headers and hints take part where the caller has them. */
export type PreviewCall = Pick<Call, 'requestId' | 'codec' | 'request' | 'principal' | 'body' | 'hints' | 'endpoint'> & {
  readonly headers?: Headers | undefined
}

/** The heart: decides, executes, explains. Knows no HTTP framework. */
export interface Engine {
  /** Serves a call, of another endpoint as its `endpoint` says. Never rejects. The record is written exactly once, when the answer has been delivered or given up. */
  generate(call: Call): Promise<Answer>
  /** The size of the prompt, in the shape of the client's counter: from the upstream where it has it, else an estimate. */
  countTokens(call: Call): Promise<Answer>
  /** The decision `generate` would make for this call now, without calling anyone. Rejects with `model_not_found` and the like. */
  preview(call: PreviewCall): Promise<RouteDecision>
  /** Writes the record of a call that never became one. */
  refuse(call: RefusedBody): void
  /** Answers a call with what the same call was answered with before, and writes its record. */
  replay(call: Call, body: Uint8Array): Answer
  /** Calls still running. */
  readonly active: number
}
