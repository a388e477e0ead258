import type { ContentPart, ToolCallPart, ToolResultPart } from '../../ir/content.ts'
import type { JsonObject } from '../../ir/json.ts'
import { sanitizeToolId } from '../tool-id.ts'
import { toolInputObject } from '../tool-input.ts'
import { withExtra, type EncodeContext } from './encode-context.ts'

export function encodeToolCall(part: ToolCallPart, context: EncodeContext): JsonObject {
  const { report } = context
  const input = toolInputObject(part.input)
  if (!input.exact && !context.isNative) {
    if (part.input.kind === 'text')
      report.rewritten('part.tool_call_custom', part.path, 'the free-form input of a call is sent as an object')
    else report.rewritten('part.tool_call_invalid_json', part.path, 'tool input that is no JSON object was wrapped in one')
  }
  if (part.namespace !== undefined)
    report.rewritten('part.tool_call_namespace', part.path, 'the namespace of a call became part of its name')
  if (part.signature !== undefined)
    report.lost('part.reasoning_signature', part.path, 'the signature of a call belongs to another provider')
  if (part.itemId !== undefined || part.status !== undefined)
    report.rewritten('part.tool_call_status', part.path, 'the format has no item id or status of a call')
  if (part.caller !== undefined) report.lost('part.tool_call_caller', part.path, 'the format does not tell who called')
  const name = context.names.wireName(part.name, part.namespace)
  if (part.namespace === undefined && name !== part.name)
    report.rewritten('tools.name', part.path, 'the name of a called tool has characters the format does not take')
  const own = context.isNative && part.input.kind === 'json' ? part.input.value : undefined
  const toolUse = { toolUseId: wireId(part.id, part, context), name, input: own ?? input.value }
  return withExtra({ toolUse }, part, report)
}

export function encodeToolResult(part: ToolResultPart, context: EncodeContext): JsonObject {
  const { report } = context
  const block: JsonObject = { toolUseId: wireId(part.callId, part, context), content: resultContent(part, context) }
  // Success goes without saying, except for clients that said it.
  if (part.isError === true || (part.isError === false && context.isNative)) block['status'] = part.isError ? 'error' : 'success'
  if (part.isError === false && !context.isNative)
    report.rewritten('part.tool_result_error', part.path, 'a result without a word is a success')
  if (part.name !== undefined) report.lost('message.name', part.path, 'a tool result does not repeat the name of its tool')
  if (part.itemId !== undefined || part.status !== undefined)
    report.rewritten('part.tool_call_status', part.path, 'the format has no item id or status of a result')
  return withExtra({ toolResult: block }, part, report)
}

/** The format demands content, also where a tool had nothing to say. */
function resultContent(part: ToolResultPart, context: EncodeContext): JsonObject[] {
  const blocks: JsonObject[] = []
  for (const inner of part.content) {
    if (inner.cache !== undefined)
      context.report.lost('cache_hint', inner.path, 'the inside of a tool result takes no cache point')
    const block = ownJson(inner, context) ?? context.encodePart(inner, 'tool-result', context)
    if (block !== undefined) blocks.push(block)
    else if (inner.type === 'text' && inner.text !== '')
      context.report.rewritten('message.empty_text', inner.path, 'a text without visible characters was left out')
  }
  return blocks.length > 0 ? blocks : [{ text: '(no output)' }]
}

/** A result that a client of this format sent as JSON goes back as JSON. */
function ownJson(part: ContentPart, context: EncodeContext): JsonObject | undefined {
  if (!context.isNative || part.type !== 'text' || part.path?.endsWith('/json') !== true) return undefined
  return { json: JSON.parse(part.text) as unknown }
}

function wireId(id: string, part: ContentPart, context: EncodeContext): string {
  const wire = sanitizeToolId(id)
  if (wire !== id)
    context.report.rewritten('part.tool_call_id', part.path, 'the id of a tool call has characters the format does not take')
  return wire
}
