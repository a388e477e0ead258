import type { CompactionPart, ReasoningPart, ToolCallPart, ToolResultPart } from '../../ir/content.ts'
import type { JsonObject } from '../../ir/json.ts'
import type { Report } from '../report.ts'
import { sanitizeToolId } from '../tool-id.ts'
import { toolInputText } from '../tool-input.ts'
import { put, putExtra } from './field-writer.ts'
import { wireToolName } from './tool-encoder.ts'
import { encodeInputParts } from './part-encoder.ts'

/** What the encoding of items depends on. */
export interface ItemContext {
  readonly report: Report
  /** The request was decoded from this format: shapes that only it can hold are replayed. */
  readonly native: boolean
  /** False when the call says that the provider stores nothing, so ids of earlier items mean nothing to it. */
  readonly stored: boolean
}

/** The API limits call ids to 64 characters and has no other rule for them. */
function callId(id: string, path: string | undefined, report: Report): string {
  if (id.length >= 1 && id.length <= 64) return id
  report.rewritten('part.tool_call_id', path, 'a tool-call id was shortened')
  return sanitizeToolId(id)
}

/** A function or custom tool call. */
export function encodeToolCall(part: ToolCallPart, context: ItemContext): JsonObject {
  const { report } = context
  const custom = part.input.kind === 'text'
  const item: JsonObject = { type: custom ? 'custom_tool_call' : 'function_call' }
  put(item, 'id', part.itemId)
  item['call_id'] = callId(part.id, part.path, report)
  put(item, 'namespace', part.namespace)
  item['name'] = wireToolName(part.name, context.native)
  if (item['name'] !== part.name) report.rewritten('tools.name', part.path, 'the name of a called tool was made acceptable')
  item[custom ? 'input' : 'arguments'] = toolInputText(part.input) || (custom ? '' : '{}')
  put(item, 'status', part.status)
  if (part.caller !== undefined) {
    if (context.native) item['caller'] = part.caller
    else report.lost('part.tool_call_caller', part.path, 'who made a tool call cannot be told here')
  }
  if (part.signature !== undefined) report.lost('part.reasoning_signature', part.path, 'a signature on a tool call was left out')
  if (part.cache !== undefined)
    report.lost('cache_hint', part.path, 'cache markers are not possible here; the provider caches by itself')
  putExtra(item, part.extra, part.path, report)
  return item
}

/** The output of a function or custom tool: a string when it is one plain text, else a list of parts. */
export function encodeToolResult(part: ToolResultPart, context: ItemContext): JsonObject {
  const { report } = context
  const item: JsonObject = { type: part.kind === 'text' ? 'custom_tool_call_output' : 'function_call_output' }
  put(item, 'id', part.itemId)
  item['call_id'] = callId(part.callId, part.path, report)
  item['output'] = encodeOutput(part, context)
  put(item, 'status', part.status)
  if (part.name !== undefined) {
    if (context.native) item['name'] = part.name
    else report.lost('message.name', part.path, 'the name beside a tool result was left out')
  }
  if (part.isError === true) {
    item['status'] = 'incomplete'
    report.rewritten('part.tool_result_error', part.path, 'a failed tool result is marked as incomplete')
  }
  if (part.cache !== undefined)
    report.lost('cache_hint', part.path, 'cache markers are not possible here; the provider caches by itself')
  putExtra(item, part.extra, part.path, report)
  return item
}

function encodeOutput(part: ToolResultPart, context: ItemContext): string | JsonObject[] {
  const [first, ...others] = part.content
  if (first === undefined) return ''
  // In bodies of this format the path tells whether the text stood alone or in a list.
  const wasListed = context.native && first.path === `${part.path}/output/0`
  if (others.length === 0 && first.type === 'text' && !wasListed && first.extra === undefined && first.cache === undefined)
    return first.text
  const parts = encodeInputParts(part.content, { report: context.report, native: context.native, place: 'tool-result' })
  return parts.length === 0 ? '' : parts
}

/**
 * A reasoning item, or undefined when OpenAI would refuse it: only its own reasoning may go back, with the encrypted content or,
 * while the provider stores items, by id. What other models thought cannot be told.
 */
export function encodeReasoning(part: ReasoningPart, context: ItemContext): JsonObject | undefined {
  const { report } = context
  const own = part.origin === 'responses' || (part.origin === undefined && part.encrypted !== undefined)
  if (!own) {
    const { signature, redacted } = part
    if (redacted !== undefined)
      report.lost('part.reasoning_redacted', part.path, 'redacted reasoning of another provider was left out')
    else if (signature !== undefined)
      report.lost('part.reasoning_signature', part.path, 'signed reasoning of another provider was left out')
    else report.lost('part.reasoning', part.path, 'reasoning of another provider was left out')
    return undefined
  }
  if (part.encrypted === undefined && (!context.stored || part.id === undefined)) {
    report.lost(
      'part.reasoning',
      part.path,
      'reasoning without its encrypted content cannot be sent back to a provider that stores nothing',
    )
    return undefined
  }
  const item: JsonObject = { type: 'reasoning' }
  put(item, 'id', part.id)
  item['summary'] = (part.summary ?? []).map((text) => ({ type: 'summary_text', text }))
  if (part.text !== undefined && part.extra?.fields['content'] === undefined)
    item['content'] = [{ type: 'reasoning_text', text: part.text }]
  put(item, 'encrypted_content', part.encrypted)
  if (part.details !== undefined)
    report.lost('part.reasoning_details', part.path, 'reasoning details of another provider were left out')
  putExtra(item, part.extra, part.path, report)
  return item
}

/** A compaction item of this format, the readable text of another one, or undefined. */
export function encodeCompaction(part: CompactionPart, report: Report): JsonObject | string | undefined {
  if (part.origin === 'responses') return part.raw
  if (part.text !== undefined) {
    report.rewritten('part.compaction', part.path, 'a compacted stretch was sent as text')
    return part.text
  }
  report.lost('part.compaction', part.path, 'a compacted stretch of another provider was left out')
  return undefined
}
