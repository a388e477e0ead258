import type { CacheHint } from './content.ts'
import type { Sourced } from './extra.ts'
import type { WireFormat } from './wire-format.ts'

/**
 * A schema as the client wrote it, where its format has a dialect of its own: written back to that format as it was. The schema
 * beside it is its translation to JSON Schema, for all others.
 */
export interface SchemaDialect {
  readonly origin: WireFormat
  readonly schema: unknown
}

interface ToolBase extends Sourced {
  cache?: CacheHint | undefined
  /** The tool is found by tool search instead of being in the prompt. */
  deferLoading?: boolean | undefined
  /** Who may call it: the model directly, or code in a container. */
  allowedCallers?: string[] | undefined
}

export interface FunctionTool extends ToolBase {
  readonly type: 'function'
  name: string
  description?: string | undefined
  /** JSON Schema of the input, kept by reference. */
  parameters?: unknown
  /** JSON pointer of the schema in the client's body, for diagnostics of what is in it. */
  parametersPath?: string | undefined
  dialect?: SchemaDialect | undefined
  strict?: boolean | undefined
  inputExamples?: unknown[] | undefined
}

/** A free-form tool whose input is text, optionally constrained by a grammar. */
export interface CustomTool extends ToolBase {
  readonly type: 'custom'
  name: string
  description?: string | undefined
  /** `{type:"text"}` or `{type:"grammar", syntax, definition}`, in the shape of OpenAI's Responses. */
  format?: Record<string, unknown> | undefined
}

/** A named group of tools, as Codex sends for MCP servers. */
export interface NamespaceTool extends ToolBase {
  readonly type: 'namespace'
  name: string
  description?: string | undefined
  tools: ToolDefinition[]
}

/** A tool that the provider runs; only meaningful in its origin's format. */
export interface HostedTool extends ToolBase {
  readonly type: 'hosted'
  /** Type in the origin's words (`web_search`, `web_search_20250305`, `mcp` …). */
  kind: string
  name?: string | undefined
  origin: WireFormat
  raw: Record<string, unknown>
}

export type ToolDefinition = FunctionTool | CustomTool | NamespaceTool | HostedTool

export type ToolChoice =
  | { readonly type: 'auto' | 'none' | 'required' | 'validated' }
  | {
      readonly type: 'named'
      readonly name: string
      readonly namespace?: string | undefined
      readonly toolType: 'function' | 'custom'
    }
  /** A subset of the tools; `tools` are names. */
  | {
      readonly type: 'allowed'
      readonly mode: 'auto' | 'required'
      readonly tools: string[]
      readonly raw: unknown
      readonly origin: WireFormat
    }
  /** A hosted tool or anything newer, in its origin's words. */
  | { readonly type: 'raw'; readonly origin: WireFormat; readonly raw: unknown }
