import type { AudioPart, ContentPart, ToolCallPart, ToolInput, ToolResultPart } from '../../ir/content.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'
import type { Message, Role } from '../../ir/request.ts'
import { unwrapState } from '../carrier.ts'
import { restoreToolId } from '../tool-id.ts'
import { decodeAnnotation } from './citation.ts'
import { FieldReader, invalidBody } from './fields.ts'
import { decodeContent, readCache } from './part-decoder.ts'
import { decodeReasoning } from './reasoning-decoder.ts'

/** Decodes `messages[]`. Old function messages get call ids of their own, derived from their place. */
export class MessageDecoder {
  /** Ids given to old function calls that still wait for their result, by function name. */
  private readonly openFunctionCalls = new Map<string, string[]>()
  /** Ids of calls of custom tools, whose results are text. */
  private readonly customCalls = new Set<string>()

  decode(message: unknown, index: number): Message {
    const param = `messages[${index}]`
    if (!isObject(message)) throw invalidBody(`${param} must be an object`, param)
    const fields = new FieldReader(message)
    const role = fields.string('role')
    switch (role) {
      case 'system':
      case 'developer':
      case 'user':
        return this.plain(role, fields, index)
      case 'assistant':
        return this.assistant(fields, index)
      case 'tool':
        return this.toolResult(fields, index)
      case 'function':
        return this.functionResult(fields, index)
      default:
        throw invalidBody(`${param}.role must be one of system, developer, user, assistant, tool`, `${param}.role`)
    }
  }

  private plain(role: Role, fields: FieldReader, index: number): Message {
    const content = decodeContent(fields.any('content'), `/messages/${index}/content`, `messages[${index}].content`)
    return finishMessage(role, content, fields, index)
  }

  private assistant(fields: FieldReader, index: number): Message {
    const path = `/messages/${index}`
    const answer = decodeContent(fields.any('content'), `${path}/content`, `messages[${index}].content`)
    const content = readReasoning(fields, path)
    content.push(...answer)
    const refusal = fields.string('refusal')
    if (refusal !== undefined) content.push({ type: 'refusal', text: refusal, path: `${path}/refusal` })
    readAnnotations(fields, content)
    const audio = readAudioReference(fields, path)
    if (audio !== undefined) content.push(audio)
    const calls = fields.array('tool_calls')
    if (calls !== undefined) content.push(...calls.map((call, at) => this.call(call, index, at)))
    const functionCall = fields.record('function_call')
    if (functionCall !== undefined) content.push(this.functionCall(functionCall, index))
    return finishMessage('assistant', content, fields, index)
  }

  private call(call: unknown, index: number, at: number): ContentPart {
    const param = `messages[${index}].tool_calls[${at}]`
    const path = `/messages/${index}/tool_calls/${at}`
    if (!isObject(call)) throw invalidBody(`${param} must be an object`, param)
    const part = decodeToolCall(call, `call_${index}_${at}`, path)
    if (part === undefined) throw invalidBody(`${param} names no function`, `${param}.function.name`)
    if (part.type === 'tool-call' && part.input.kind === 'text') this.customCalls.add(part.id)
    return part
  }

  private functionCall(call: JsonObject, index: number): ToolCallPart {
    const fields = new FieldReader(call)
    const name = fields.string('name')
    const param = `messages[${index}].function_call.name`
    if (name === undefined) throw invalidBody(`${param} must be a string`, param)
    const id = `call_function_${index}`
    const open = this.openFunctionCalls.get(name)
    if (open === undefined) this.openFunctionCalls.set(name, [id])
    else open.push(id)
    const part: ToolCallPart = {
      type: 'tool-call',
      id,
      name,
      input: decodeArguments(fields.any('arguments')),
      path: `/messages/${index}/function_call`,
    }
    const extra = fields.extra()
    if (extra !== undefined) part.extra = { format: 'openai', fields: { function: extra.fields } }
    return part
  }

  private toolResult(fields: FieldReader, index: number): Message {
    const id = fields.string('tool_call_id')
    const param = `messages[${index}].tool_call_id`
    if (id === undefined) throw invalidBody(`${param} must be a string`, param)
    return this.result(restoreToolId(id), fields, index)
  }

  private functionResult(fields: FieldReader, index: number): Message {
    const name = fields.string('name') ?? ''
    const id = this.openFunctionCalls.get(name)?.shift() ?? `call_function_${name}`
    return this.result(id, fields, index)
  }

  /** Everything of the message belongs to the result part, so that it survives when results are moved next to their calls. */
  private result(callId: string, fields: FieldReader, index: number): Message {
    const path = `/messages/${index}`
    const content = decodeContent(fields.any('content'), `${path}/content`, `messages[${index}].content`)
    const part: ToolResultPart = {
      type: 'tool-result',
      callId,
      content,
      kind: this.customCalls.has(callId) ? 'text' : 'json',
      path,
    }
    const name = fields.string('name')
    const cache = readCache(fields)
    const extra = fields.extra()
    if (name !== undefined) part.name = name
    if (cache !== undefined) part.cache = cache
    if (extra !== undefined) part.extra = extra
    return { role: 'tool', content: [part], path }
  }
}

/** Decodes one entry of `tool_calls[]`; undefined when it names no tool. Calls of unknown types stay in their own words. */
export function decodeToolCall(call: JsonObject, fallbackId: string, path: string | undefined): ContentPart | undefined {
  const fields = new FieldReader(call)
  const type = fields.string('type') ?? (isObject(call['custom']) ? 'custom' : 'function')
  const id = fields.string('id')
  if (type !== 'function' && type !== 'custom') {
    return { type: 'hosted-tool-call', kind: type, id, origin: 'openai', raw: call, path }
  }
  const inner = fields.record(type)
  if (inner === undefined) return undefined
  const innerFields = new FieldReader(inner)
  const name = innerFields.string('name')
  if (name === undefined) return undefined
  const input: ToolInput =
    type === 'custom' ? { kind: 'text', text: innerFields.string('input') ?? '' } : decodeArguments(innerFields.any('arguments'))
  const part: ToolCallPart = {
    type: 'tool-call',
    id: id === undefined || id === '' ? fallbackId : restoreToolId(id),
    name,
    input,
  }
  fields.number('index') // the place in a stream; clients that replay folded streams leave it in
  readSignature(fields, call, part)
  fields.keepNested(type, innerFields.extra())
  const cache = readCache(fields)
  const extra = fields.extra()
  if (path !== undefined) part.path = path
  if (cache !== undefined) part.cache = cache
  if (extra !== undefined) part.extra = extra
  return part
}

/** Provider state of a call: Gemini's thought signature, or an envelope of this gateway. */
function readSignature(fields: FieldReader, call: JsonObject, part: ToolCallPart): void {
  const content = call['extra_content']
  if (!isObject(content) || Object.keys(content).length !== 1) return
  const google = content['google']
  if (isObject(google) && Object.keys(google).length === 1 && typeof google['thought_signature'] === 'string') {
    fields.any('extra_content')
    part.signature = google['thought_signature']
    return
  }
  const state = typeof content['switchback'] === 'string' ? unwrapState(content['switchback']) : undefined
  if (state?.signature === undefined) return
  fields.any('extra_content')
  part.signature = state.signature
}

function decodeArguments(value: unknown): ToolInput {
  if (typeof value === 'string') return { kind: 'json', text: value }
  return value === undefined ? { kind: 'json', text: '' } : { kind: 'json', value }
}

function readReasoning(fields: FieldReader, path: string): ContentPart[] {
  const content = fields.string('reasoning_content')
  const alias = fields.string('reasoning')
  const details = fields.array('reasoning_details')
  const present = [
    content === undefined ? [] : 'reasoning_content',
    alias === undefined ? [] : 'reasoning',
    details === undefined ? [] : 'reasoning_details',
  ].flat()
  // Two fields with different texts cannot both be the reasoning: the second stays an unknown field.
  if (content !== undefined && alias !== undefined && content !== alias) fields.release('reasoning')
  // Parts of several fields are one thing, so their place is the message.
  return decodeReasoning({ text: content ?? alias, details }, present.length === 1 ? `${path}/${present[0]}` : path)
}

/** Annotations belong to the text; without any text they stay an unknown field. */
function readAnnotations(fields: FieldReader, content: ContentPart[]): void {
  const annotations = fields.array('annotations')
  if (annotations === undefined || annotations.length === 0) return
  const text = content.find((part) => part.type === 'text')
  if (text?.type === 'text' && annotations.every(isObject)) text.citations = annotations.map(decodeAnnotation)
  else fields.release('annotations')
}

function readAudioReference(fields: FieldReader, path: string): AudioPart | undefined {
  const audio = fields.record('audio')
  if (audio === undefined) return undefined
  const inner = new FieldReader(audio)
  const id = inner.string('id')
  if (id === undefined) {
    fields.release('audio')
    return undefined
  }
  fields.keepNested('audio', inner.extra())
  return { type: 'audio', source: { kind: 'file', id, origin: 'openai' }, id, path: `${path}/audio` }
}

function finishMessage(role: Role, content: ContentPart[], fields: FieldReader, index: number): Message {
  const message: Message = { role, content, path: `/messages/${index}` }
  const name = fields.string('name')
  const extra = fields.extra()
  if (name !== undefined) message.name = name
  if (extra !== undefined) message.extra = extra
  return message
}
