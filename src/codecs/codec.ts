import type { GatewayError, UpstreamErrorFacts } from '../errors/gateway-error.ts'
import type { Diagnostic, Translated } from '../ir/diagnostic.ts'
import type { FinishReason } from '../ir/finish.ts'
import type { JsonObject } from '../ir/json.ts'
import type { LlmRequest } from '../ir/request.ts'
import type { LlmResponse } from '../ir/response.ts'
import type { Emit, StreamEvent, StreamFailure } from '../ir/stream-event.ts'
import type { Usage } from '../ir/usage.ts'
import type { WireFormat } from '../ir/wire-format.ts'
import type { SseFrame } from '../lib/sse-parser.ts'
import type { EmbeddingCodec } from './embedding-codec.ts'

/** Writes one frame of a client stream; the client framer turns it into SSE, a WebSocket message or a JSON array element. */
export type WriteFrame = (event: string | undefined, data: string) => void

/** How an upstream deviates from its format's reference behaviour; filled from provider presets and configuration. */
export interface WireQuirks {
  /** Chat: the field that limits output. `max_completion_tokens` is OpenAI's own; most compatible servers know `max_tokens` only. */
  readonly maxTokensField?: 'max_tokens' | 'max_completion_tokens' | undefined
  /** Chat: the server knows role `developer`; otherwise it becomes `system`. */
  readonly developerRole?: boolean | undefined
  /** Chat: field that takes reasoning of earlier turns back; undefined means it takes none. */
  readonly reasoningField?: 'reasoning_content' | 'reasoning' | 'reasoning_details' | undefined
  /** Chat: the server understands `stream_options.include_usage`. Default true. */
  readonly streamUsage?: boolean | undefined
  /** Chat: the server takes `cache_control` on parts (OpenRouter and some others). */
  readonly cacheControl?: boolean | undefined
  /** Chat: the server takes free-form tools (`type: "custom"`), as OpenAI's own does; otherwise they are emulated as functions. */
  readonly customTools?: boolean | undefined
  /** Chat: the server takes `top_k`, which is no field of OpenAI's own. */
  readonly topK?: boolean | undefined
  /** Chat: the server takes videos, which OpenAI's own does not. Default true. */
  readonly videoUrls?: boolean | undefined
  /** Chat: the server is Google's and takes the signatures of its calls back. */
  readonly thoughtSignatures?: boolean | undefined
  /** Anthropic: the upstream is Anthropic's own API, so vendor-only fields and the attribution block may go there. */
  readonly firstParty?: boolean | undefined
  /** Gemini: the server knows schemas in its OpenAPI dialect only, and no JSON Schema. */
  readonly openApiSchemas?: boolean | undefined
}

/** Facts about the model a request is encoded for; undefined is unknown. */
export interface ModelFacts {
  readonly contextWindow?: number | undefined
  readonly maxOutputTokens?: number | undefined
  /** How extended thinking is asked for: a token budget, adaptive with effort, both, or not at all. */
  readonly thinking?: 'budget' | 'adaptive' | 'both' | 'none' | undefined
  /** Whether temperature and friends are accepted. */
  readonly sampling?: boolean | undefined
}

export interface EncodeTarget {
  /** Model name the upstream knows. */
  readonly model: string
  readonly quirks: WireQuirks
  readonly facts: ModelFacts
  /** Stream the answer from the upstream, whatever the client asked. */
  readonly stream: boolean
}

/** What an encoder of answers needs to know about the call it answers. */
export interface ClientContext {
  /** Base of generated ids: the request id without its prefix, 32 hex digits. */
  readonly requestId: string
  /** Name shown as the model that answered. */
  readonly model: string
  /** Unix seconds. */
  readonly createdAt: number
  /** Milliseconds since the request came, for formats that tell how long an answer took. */
  readonly elapsedMs?: (() => number) | undefined
  /** The decoded request, without its messages where the format does not repeat them: consulted for tool kinds and `includeUsage`. */
  readonly request: LlmRequest
  /** Format of the upstream that answers; undefined where nobody knows. */
  readonly upstreamFormat?: WireFormat | undefined
  /** Estimated prompt size, for formats that report input tokens before the upstream has told them. */
  readonly estimatedInputTokens?: number | undefined
}

/** Upstream frames → canonical events. Its state is private; every field is set in the constructor. */
export interface StreamDecoder {
  push(frame: SseFrame, emit: Emit): void
  /** The upstream closed. Closes open blocks; emits `error` when the format's own end was never seen. */
  end(emit: Emit): void
}

/** Canonical events → frames of the client's format. */
export interface StreamEncoder {
  /** What the client's format could not carry so far. */
  readonly diagnostics?: readonly Diagnostic[]
  write(event: StreamEvent, frame: WriteFrame): void
  /** Everything was written: emits the closing frames. Not called after an `error` event, which closes the stream by itself. */
  end(frame: WriteFrame): void
}

/** What one frame (or whole answer) of a format tells, looked at alone and without state. For pass-through metering. */
export interface FrameFacts {
  /** Holds part of an answer: fallback ends here. */
  readonly semantic: boolean
  /** Characters of the answer in a frame of a stream, for a rough count; undefined where the format tells its usage as it goes. */
  readonly text?: number | undefined
  /** The format's own end of stream. */
  readonly terminal: boolean
  /** Id of the answer, where the format's calls may name it to continue the answer. */
  readonly id?: string | undefined
  readonly model?: string | undefined
  readonly usage?: Usage | undefined
  readonly finish?: FinishReason | undefined
  readonly error?: StreamFailure | undefined
  /** Holds a tool call, where the format's reason to stop does not tell that there was one. */
  readonly calls?: boolean | undefined
  /** A Chat usage chunk without choices: removed when only the gateway asked for it. */
  readonly usageOnly?: boolean | undefined
}

/** How a pass-through stream of this format is watched without parsing every frame. Data, consumed by the engine's observer. */
export interface PassthroughMarkers {
  /** A frame after the first semantic one is only parsed when it holds one of these byte sequences (ASCII). */
  readonly inspect: readonly string[]
  /** Frames that may carry the model name: every frame, or only those that hold one of these (ASCII) sequences. */
  readonly modelFrames: 'every' | readonly string[]
  /** Name of the member that holds the model. Default: `model`. */
  readonly modelMember?: string | undefined
  /** How the body of a request writes the name of a model, where that is not the name itself. */
  readonly modelInBody?: ((model: string) => string) | undefined
}

/** A format's own token counter: what its endpoint takes and gives. */
export interface TokenCounter {
  /** The request that a client asks to be counted, where its body is wrapped in one of the counter's own. */
  request?(body: unknown): unknown
  /** Body of the counting endpoint, from an encoded request body and the name of the model. */
  body(encoded: JsonObject, model: string): JsonObject
  answer(inputTokens: number): JsonObject
  /** The number in an upstream's answer; undefined when there is none. */
  read(answer: unknown): number | undefined
}

export interface ErrorEnvelope {
  readonly status: number
  readonly body: JsonObject
}

/** What a call says in its address, for formats whose bodies name neither the model nor the manner of the answer. */
export interface CallAddress {
  readonly model: string
  readonly stream: boolean
}

/** A wire format, both ways. Pure and synchronous: ids and times are passed in, losses come back as diagnostics. */
export interface Codec {
  readonly format: WireFormat
  /**
   * Throws `GatewayError('invalid_body')` with `param` when the body cannot be understood as a request at all. `address` matters to
   * formats whose bodies do not name the model; without it they look for `model` and `stream` in the body.
   */
  decodeRequest(body: unknown, address?: CallAddress): Translated<LlmRequest>
  /** Wire body for an upstream. Only `lost`, `rewritten` and `edited` things are reported. */
  encodeRequest(request: LlmRequest, target: EncodeTarget): Translated<JsonObject>
  /** Throws `GatewayError('upstream_bad_response')` when the body is no answer; an error object throws too, classified by the engine. */
  decodeResponse(body: unknown): Translated<LlmResponse>
  encodeResponse(response: LlmResponse, context: ClientContext): Translated<JsonObject>
  createStreamDecoder(): StreamDecoder
  createStreamEncoder(context: ClientContext): StreamEncoder
  /** An error as this format's clients expect it, request id included. */
  encodeError(error: GatewayError, requestId: string): ErrorEnvelope
  /**
   * Whether this format's vendor tells the failure of a streamed request inside the stream, after a 200, so that its clients look
   * for it only there. Undefined: never.
   */
  readonly isToldInStream?: ((error: GatewayError, clientFamily: string | undefined) => boolean) | undefined
  /** What an error body of an upstream that speaks this format says. */
  decodeError(status: number, body: unknown): UpstreamErrorFacts
  inspectFrame(frame: SseFrame): FrameFacts
  inspectResponse(body: unknown): FrameFacts
  readonly passthrough: PassthroughMarkers
  /** Why this body cannot go to this model of an upstream of the same format as it is; codes for the record. Undefined: never. */
  readonly passthroughRefusals?: ((body: Uint8Array, model: string) => readonly string[]) | undefined
  /**
   * The id under which a client may continue a translated answer, from the one its upstream gave. Undefined for formats whose calls carry
   * their whole conversation.
   */
  readonly answerId?: ((upstreamId: string | undefined, context: ClientContext) => string) | undefined
  /** Undefined for formats without embeddings. */
  readonly embeddings?: EmbeddingCodec | undefined
  /** Undefined for formats without an endpoint that counts tokens. */
  readonly tokenCounter?: TokenCounter | undefined
  /** Whether answers of this format repeat parts of the conversation, so that encoding them needs the whole request. */
  readonly echoesRequest?: boolean | undefined
  /** A complete keep-alive frame in this format's own convention. */
  readonly ping: string
}
