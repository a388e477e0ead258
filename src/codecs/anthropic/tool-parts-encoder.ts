import type { ContentPart, ToolCallPart, ToolResultPart } from '../../ir/content.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'
import { sanitizeToolId } from '../tool-id.ts'
import { toolInputObject } from '../tool-input.ts'
import { finished, type EncodeContext } from './encode-context.ts'
import { wireToolName } from './tools-encoder.ts'

/** Every id the API itself takes; it has no limit of length. `sbid_` is reserved for ids that were escaped. */
const VALID_ID = /^(?!sbid_)[A-Za-z0-9_-]+$/

export function encodeToolCall(part: ToolCallPart, context: EncodeContext): JsonObject {
  const input = toolInputObject(part.input)
  if (!input.exact) {
    if (part.input.kind === 'text')
      context.report.rewritten('part.tool_call_custom', part.path, 'the free-form input of a call is sent as an object')
    else
      context.report.rewritten('part.tool_call_invalid_json', part.path, 'tool input that is no JSON object was wrapped in one')
  }
  if (part.namespace !== undefined)
    context.report.rewritten('part.tool_call_namespace', part.path, 'the namespace of a call became part of its name')
  if (part.signature !== undefined)
    context.report.lost('part.reasoning_signature', part.path, 'the signature of a call belongs to another provider')
  if (part.itemId !== undefined || part.status !== undefined)
    context.report.rewritten('part.tool_call_status', part.path, 'the format has no item id or status of a call')
  const name = wireToolName(part.name, part.namespace, context)
  if (part.namespace === undefined && name !== part.name)
    context.report.rewritten('tools.name', part.path, 'the name of a called tool has characters the format does not take')
  const block: JsonObject = { type: 'tool_use', id: wireId(part.id, part, context), name, input: input.value }
  if (part.caller !== undefined) {
    if (isCaller(part.caller)) block['caller'] = part.caller
    else context.report.lost('part.tool_call_caller', part.path, 'the caller is unknown to the format')
  }
  return finished(block, part, context)
}

export function encodeToolResult(part: ToolResultPart, context: EncodeContext): JsonObject {
  const block: JsonObject = { type: 'tool_result', tool_use_id: wireId(part.callId, part, context) }
  const content = resultContent(part, context)
  if (content !== undefined) block['content'] = content
  if (part.isError !== undefined) block['is_error'] = part.isError
  if (part.name !== undefined)
    context.report.lost('message.name', part.path, 'a tool result does not repeat the name of its tool')
  if (part.itemId !== undefined || part.status !== undefined)
    context.report.rewritten('part.tool_call_status', part.path, 'the format has no item id or status of a result')
  return finished(block, part, context)
}

function resultContent(part: ToolResultPart, context: EncodeContext): string | JsonObject[] | undefined {
  const [only] = part.content
  if (part.content.length === 1 && only?.type === 'text' && isBareText(only)) return only.text
  const blocks: JsonObject[] = []
  for (const inner of part.content) {
    const block = context.encodePart(inner, 'tool-result', context)
    if (block !== undefined) blocks.push(block)
    else if (inner.type === 'text' && inner.text !== '')
      context.report.rewritten('message.empty_text', inner.path, 'a text without visible characters was left out')
  }
  return blocks.length > 0 ? blocks : undefined
}

/** True for text that was written as a bare string: its path is that of a field, not of an array element. */
export function isBareText(part: ContentPart): boolean {
  if (
    part.type !== 'text' ||
    part.cache !== undefined ||
    part.extra !== undefined ||
    part.citations !== undefined ||
    part.logprobs !== undefined
  )
    return false
  return part.path !== undefined && !/\/\d+$/.test(part.path)
}

function wireId(id: string, part: ContentPart, context: EncodeContext): string {
  if (VALID_ID.test(id)) return id
  context.report.rewritten('part.tool_call_id', part.path, 'the id of a tool call has characters the format does not take')
  return sanitizeToolId(id)
}

function isCaller(caller: unknown): boolean {
  if (!isObject(caller) || typeof caller['type'] !== 'string') return false
  return caller['type'] === 'direct' ? Object.keys(caller).length === 1 : caller['type'].startsWith('code_execution_')
}
