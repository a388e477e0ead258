import type { ContentPart, ReasoningPart, ToolCallPart, ToolResultPart } from '../../ir/content.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'
import { unwrapState } from '../carrier.ts'
import { FieldReader } from './field-reader.ts'
import { decodeContent, opaque } from './part-decoder.ts'

/** Items of tools that run at the provider or inside the client's own harness: `computer_call` → kind `computer`. */
const HOSTED_CALL =
  /^(web_search|file_search|computer|code_interpreter|local_shell|shell|apply_patch|mcp|image_generation|tool_search)_call$/
const HOSTED_OUTPUT = /^(computer|local_shell|shell|apply_patch)_call_output$|^(tool_search|program)_output$/
const OTHER_HOSTED: Record<string, 'call' | 'result'> = {
  mcp_list_tools: 'result',
  mcp_approval_request: 'call',
  mcp_approval_response: 'result',
  program: 'call',
}

/** The canonical part of an item that is no message. Items of unknown type are kept whole. */
export function decodeItemPart(item: JsonObject, path: string): ContentPart {
  const type = typeof item['type'] === 'string' ? item['type'] : ''
  switch (type) {
    case 'reasoning':
      return decodeReasoning(item, path) ?? opaque(item, path)
    case 'function_call':
    case 'custom_tool_call':
      return decodeToolCall(item, path, type === 'custom_tool_call') ?? opaque(item, path)
    case 'function_call_output':
    case 'custom_tool_call_output':
      return decodeToolResult(item, path, type === 'custom_tool_call_output') ?? opaque(item, path)
    case 'compaction':
    case 'compaction_summary':
      return { type: 'compaction', origin: 'responses', raw: item, path }
    case 'item_reference':
    case '':
      return decodeItemReference(item, path)
    default:
      return decodeHosted(item, type, path)
  }
}

function decodeReasoning(item: JsonObject, path: string): ReasoningPart | undefined {
  const fields = new FieldReader(item)
  fields.skip('type')
  const id = fields.string('id')
  const part: ReasoningPart = { type: 'reasoning', id, origin: 'responses', path }
  const summary = texts(item['summary'], 'summary_text')
  if (summary !== undefined) {
    fields.skip('summary')
    if (summary.length > 0) part.summary = summary
  }
  const content = texts(item['content'], 'reasoning_text')
  if (content !== undefined || item['content'] === null) {
    // More than one entry has no canonical place: the list stays among the unread fields and the text is joined for others.
    if ((content?.length ?? 0) <= 1) fields.skip('content')
    if (content !== undefined && content.length > 0) part.text = content.join('\n\n')
  }
  const encrypted = fields.string('encrypted_content')
  if (encrypted !== undefined) restoreState(part, encrypted)
  part.extra = fields.extra()
  return part
}

/** Puts opaque state back where it came from: our own envelope holds another format's, anything else is OpenAI's. */
function restoreState(part: ReasoningPart, encrypted: string): void {
  const carried = unwrapState(encrypted)
  if (carried === undefined) {
    part.encrypted = encrypted
    return
  }
  part.origin = carried.origin
  part.id = carried.id
  part.signature = carried.signature
  part.redacted = carried.redacted
  part.encrypted = carried.encrypted
  part.details = carried.details
  part.callId = carried.callId
  // Clients that asked for summaries were shown the text as one: the origin knows it as text.
  if (carried.origin !== 'responses' && part.text === undefined && part.summary !== undefined) {
    part.text = part.summary.join('\n\n')
    part.summary = undefined
  }
}

/** The texts of a list of `{type, text}` objects, or undefined when it holds anything else. */
function texts(list: unknown, type: string): string[] | undefined {
  if (!Array.isArray(list)) return undefined
  const found: string[] = []
  for (const entry of list) {
    if (!isObject(entry) || entry['type'] !== type || typeof entry['text'] !== 'string' || Object.keys(entry).length !== 2)
      return undefined
    found.push(entry['text'])
  }
  return found
}

function decodeToolCall(item: JsonObject, path: string, custom: boolean): ToolCallPart | undefined {
  const fields = new FieldReader(item)
  fields.skip('type')
  const itemId = fields.string('id')
  const id = fields.string('call_id') ?? itemId
  const name = fields.string('name')
  const text = fields.string(custom ? 'input' : 'arguments')
  if (id === undefined || name === undefined || text === undefined) return undefined
  return {
    type: 'tool-call',
    id,
    name,
    namespace: fields.string('namespace'),
    input: custom ? { kind: 'text', text } : { kind: 'json', text },
    itemId,
    status: fields.string('status'),
    caller: fields.any('caller'),
    path,
    extra: fields.extra(),
  }
}

function decodeToolResult(item: JsonObject, path: string, custom: boolean): ToolResultPart | undefined {
  const fields = new FieldReader(item)
  fields.skip('type')
  const callId = fields.string('call_id')
  if (callId === undefined) return undefined
  const output = fields.any('output')
  return {
    type: 'tool-result',
    callId,
    name: fields.string('name'),
    content: decodeContent(output, `${path}/output`),
    kind: custom ? 'text' : 'json',
    itemId: fields.string('id'),
    status: fields.string('status'),
    path,
    extra: fields.extra(),
  }
}

function decodeItemReference(item: JsonObject, path: string): ContentPart {
  const fields = new FieldReader(item)
  fields.skip('type')
  const id = fields.string('id')
  if (id === undefined) return opaque(item, path)
  return { type: 'item-reference', id, path, extra: fields.extra() }
}

function decodeHosted(item: JsonObject, type: string, path: string): ContentPart {
  const role = HOSTED_CALL.test(type)
    ? 'call'
    : HOSTED_OUTPUT.test(type)
      ? 'result'
      : Object.hasOwn(OTHER_HOSTED, type)
        ? OTHER_HOSTED[type]
        : undefined
  if (role === undefined) return opaque(item, path)
  const kind = type.replace(/(_call)?(_output)?$/, '')
  if (role === 'call') {
    const id = typeof item['call_id'] === 'string' ? item['call_id'] : item['id']
    return { type: 'hosted-tool-call', kind, id: typeof id === 'string' ? id : undefined, origin: 'responses', raw: item, path }
  }
  const callId = item['call_id'] ?? item['approval_request_id']
  return {
    type: 'hosted-tool-result',
    kind,
    callId: typeof callId === 'string' ? callId : undefined,
    origin: 'responses',
    raw: item,
    path,
  }
}
