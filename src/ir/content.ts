import type { Sourced } from './extra.ts'
import type { WireFormat } from './wire-format.ts'

/** A prompt-cache breakpoint on a part, a tool or a message. `ttl` is undefined when the client named none. */
export interface CacheHint {
  readonly ttl?: '5m' | '1h' | undefined
}

/** Where the bytes of an image, audio, video or document come from. */
export type MediaSource =
  | { readonly kind: 'base64'; readonly mediaType: string; readonly data: string }
  | { readonly kind: 'url'; readonly url: string; readonly mediaType?: string | undefined }
  /** A file kept by a provider: usable only where it was uploaded. */
  | { readonly kind: 'file'; readonly id: string; readonly origin: WireFormat; readonly mediaType?: string | undefined }
  | { readonly kind: 'text'; readonly mediaType: string; readonly text: string }
  | { readonly kind: 'parts'; readonly parts: ContentPart[] }

/** Common to all parts. */
interface PartBase extends Sourced {
  cache?: CacheHint | undefined
}

export interface TextPart extends PartBase {
  readonly type: 'text'
  text: string
  /** In answers: id and phase of the message item that the text stands in. In requests both belong to the message. */
  id?: string | undefined
  phase?: string | undefined
  citations?: Citation[] | undefined
  /** Token log-probabilities in the shape of the format they came from. */
  logprobs?: { readonly format: WireFormat; readonly value: unknown } | undefined
}

export interface RefusalPart extends PartBase {
  readonly type: 'refusal'
  text: string
}

/**
 * Reasoning of a model. Opaque state (`signature`, `redacted`, `encrypted`) belongs to the format in `origin` and is only sent
 * back there; another client format carries it in the envelope of `codecs/carrier.ts`.
 */
export interface ReasoningPart extends PartBase {
  readonly type: 'reasoning'
  /** Item id of the origin (`rs_…`). */
  id?: string | undefined
  /** Raw reasoning text. */
  text?: string | undefined
  /** Summary parts, when the provider shows a summary instead of, or beside, the text. */
  summary?: string[] | undefined
  signature?: string | undefined
  /** Wholly redacted reasoning: the opaque block. */
  redacted?: string | undefined
  /** Encrypted reasoning content (`encrypted_content`). */
  encrypted?: string | undefined
  /** `reasoning_details[]` of OpenAI-shaped providers, verbatim. */
  details?: unknown[] | undefined
  origin?: WireFormat | undefined
  /** The call whose signature this is, kept beside it by a client whose calls have no place for one. */
  callId?: string | undefined
}

export interface ImagePart extends PartBase {
  readonly type: 'image'
  source: MediaSource
  /** `low | high | auto | original`, as the client wrote it. */
  detail?: string | undefined
}

export interface AudioPart extends PartBase {
  readonly type: 'audio'
  source: MediaSource
  /** Container format as written (`wav`, `mp3`). */
  format?: string | undefined
  /** Id of an earlier generated audio, transcript and expiry. */
  id?: string | undefined
  transcript?: string | undefined
  expiresAt?: number | undefined
}

export interface VideoPart extends PartBase {
  readonly type: 'video'
  source: MediaSource
}

export interface DocumentPart extends PartBase {
  readonly type: 'document'
  source: MediaSource
  filename?: string | undefined
  title?: string | undefined
  context?: string | undefined
  /** Whether the client asked for citations into this document. */
  citations?: boolean | undefined
}

export interface SearchResultPart extends PartBase {
  readonly type: 'search-result'
  source: string
  title: string
  content: TextPart[]
  citations?: boolean | undefined
}

/** Input of a tool call: JSON text and/or the parsed value (at least one), or free text for custom tools. */
export type ToolInput =
  | { readonly kind: 'json'; readonly text?: string | undefined; readonly value?: unknown }
  | { readonly kind: 'text'; readonly text: string }

export interface ToolCallPart extends PartBase {
  readonly type: 'tool-call'
  /** Correlates the call with its result. */
  id: string
  name: string
  /** Codex-style tool namespace the name lives in. */
  namespace?: string | undefined
  input: ToolInput
  /** Item id (`fc_…`) and status where the format has them. */
  itemId?: string | undefined
  status?: string | undefined
  /** Who called: the model, or code running in a container. Shape of the origin. */
  caller?: unknown
  /** Provider state tied to the call (Gemini thought signature). */
  signature?: string | undefined
}

export interface ToolResultPart extends PartBase {
  readonly type: 'tool-result'
  callId: string
  /** Name of the tool, where the format repeats it. */
  name?: string | undefined
  content: ContentPart[]
  isError?: boolean | undefined
  /** `text` for the output of a custom (free-form) tool. */
  kind: 'json' | 'text'
  itemId?: string | undefined
  status?: string | undefined
}

/** A tool that the provider runs itself: web search, code execution, MCP, computer … `raw` is the item in its own format. */
export interface HostedToolCallPart extends PartBase {
  readonly type: 'hosted-tool-call'
  /** Kind in the origin's words (`web_search`, `code_execution`, `mcp`, `shell` …). */
  kind: string
  id?: string | undefined
  origin: WireFormat
  raw: Record<string, unknown>
}

export interface HostedToolResultPart extends PartBase {
  readonly type: 'hosted-tool-result'
  kind: string
  /** Id of the call it answers. */
  callId?: string | undefined
  origin: WireFormat
  raw: Record<string, unknown>
}

/** A compacted stretch of conversation. */
export interface CompactionPart extends PartBase {
  readonly type: 'compaction'
  origin: WireFormat
  /** Readable summary, if the origin has one. */
  text?: string | undefined
  raw: Record<string, unknown>
}

/** A reference to an item that the provider stored. */
export interface ItemReferencePart extends PartBase {
  readonly type: 'item-reference'
  id: string
}

/** Anything else: carried verbatim to the same format, lost elsewhere. */
export interface OpaquePart extends PartBase {
  readonly type: 'opaque'
  format: WireFormat
  json: unknown
}

export type ContentPart =
  | TextPart
  | RefusalPart
  | ReasoningPart
  | ImagePart
  | AudioPart
  | VideoPart
  | DocumentPart
  | SearchResultPart
  | ToolCallPart
  | ToolResultPart
  | HostedToolCallPart
  | HostedToolResultPart
  | CompactionPart
  | ItemReferencePart
  | OpaquePart

/**
 * A source named by an answer. `start` and `end` are character offsets in the cited answer text where the origin gives them
 * (OpenAI), `raw` is the citation in its own format (Anthropic's offsets point into the document and live there).
 */
export interface Citation {
  readonly kind: 'url' | 'document' | 'file' | 'search-result' | 'other'
  readonly url?: string | undefined
  readonly title?: string | undefined
  readonly citedText?: string | undefined
  readonly start?: number | undefined
  readonly end?: number | undefined
  readonly origin: WireFormat
  readonly raw: Record<string, unknown>
}
