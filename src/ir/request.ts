import type { ContentPart } from './content.ts'
import type { Extra, Sourced } from './extra.ts'
import type { Feature } from './feature.ts'
import type { SchemaDialect, ToolChoice, ToolDefinition } from './tool.ts'
import type { WireFormat } from './wire-format.ts'

export type Role = 'system' | 'developer' | 'user' | 'assistant' | 'tool'

export interface Message extends Sourced {
  role: Role
  content: ContentPart[]
  id?: string | undefined
  name?: string | undefined
  /** Responses: `commentary | final_answer`, and the item's status. */
  phase?: string | undefined
  status?: string | undefined
  /** The message came from a top-level field (`system`, `instructions`), not from the list of turns. */
  instructions?: boolean | undefined
}

export interface SamplingOptions {
  temperature?: number | undefined
  topP?: number | undefined
  topK?: number | undefined
  seed?: number | undefined
  frequencyPenalty?: number | undefined
  presencePenalty?: number | undefined
  stop?: string[] | undefined
  /** Number of choices. */
  n?: number | undefined
  logprobs?: boolean | undefined
  topLogprobs?: number | undefined
  logitBias?: Record<string, number> | undefined
}

export interface ReasoningOptions {
  /** Anthropic's `thinking.type`; `none` effort of OpenAI decodes to `disabled`. */
  mode?: 'enabled' | 'disabled' | 'adaptive' | undefined
  /** `minimal | low | medium | high | xhigh | max`, as the client wrote it. */
  effort?: string | undefined
  budgetTokens?: number | undefined
  /** Responses: `auto | concise | detailed`. */
  summary?: string | undefined
  /** Anthropic: `summarized | omitted`. */
  display?: string | undefined
}

export type ResponseFormat =
  | { readonly type: 'text' }
  | { readonly type: 'json' }
  | {
      readonly type: 'json-schema'
      readonly name?: string | undefined
      readonly description?: string | undefined
      readonly schema: unknown
      /** JSON pointer of the schema in the client's body, for diagnostics of what is in it. */
      readonly schemaPath?: string | undefined
      readonly strict?: boolean | undefined
      readonly dialect?: SchemaDialect | undefined
    }
  | { readonly type: 'raw'; readonly origin: WireFormat; readonly raw: unknown }

/** What the provider should keep, and what this call continues. All of it belongs to one provider. */
export interface StateOptions {
  store?: boolean | undefined
  background?: boolean | undefined
  conversation?: unknown
  previousResponseId?: string | undefined
  /** A stored prompt template with variables. */
  promptTemplate?: unknown
}

/**
 * A call in canonical form. Undefined means "the client did not say". `extra` holds the top-level fields that are not modelled;
 * groups that only one vendor knows (Anthropic's container, MCP servers, context management …) live in `vendor`, keyed by feature.
 */
export interface LlmRequest {
  /** Format of the body it was decoded from, for defaults that differ between formats (strict tools, storing). */
  origin?: WireFormat | undefined
  /** Where the client wrote features of the top level, as JSON pointers: diagnostics of those features name them. */
  paths?: Partial<Record<Feature, string>> | undefined
  model: string
  /** System and developer turns keep their place among the others. */
  messages: Message[]
  tools?: ToolDefinition[] | undefined
  toolChoice?: ToolChoice | undefined
  parallelToolCalls?: boolean | undefined
  maxToolCalls?: number | undefined
  responseFormat?: ResponseFormat | undefined
  sampling: SamplingOptions
  maxOutputTokens?: number | undefined
  reasoning?: ReasoningOptions | undefined
  stream: boolean
  /** The client asked for a usage chunk at the end of a Chat stream. */
  includeUsage?: boolean | undefined
  /** Responses `include[]`. */
  include?: string[] | undefined
  /** `low | medium | high`. */
  verbosity?: string | undefined
  truncation?: string | undefined
  modalities?: string[] | undefined
  /** Parameters of generated audio. */
  audio?: unknown
  prediction?: unknown
  state?: StateOptions | undefined
  serviceTier?: string | undefined
  safetyIdentifier?: string | undefined
  promptCacheKey?: string | undefined
  promptCacheRetention?: string | undefined
  metadata?: Record<string, unknown> | undefined
  /** End-user id: OpenAI `user`, Anthropic `metadata.user_id`. */
  user?: string | undefined
  /** Fields one vendor alone knows, modelled by name so that losses can be told apart. */
  vendor?: Partial<Record<VendorField, unknown>> | undefined
  /** A cache marker at the top level of the body (Anthropic automatic caching). */
  cache?: { readonly ttl?: '5m' | '1h' | undefined } | undefined
  extra?: Extra | undefined
}

/** Vendor-only request fields that have a row of their own in the loss table. */
export type VendorField =
  | 'context_management'
  | 'container'
  | 'mcp_servers'
  | 'speed'
  | 'inference_geo'
  | 'betas'
  | 'web_search_options'
  | 'client_metadata'
  | 'stream_options'
  | 'moderation'
  | 'safety_settings'
  | 'cached_content'
  | 'media_resolution'
  | 'speech_config'
