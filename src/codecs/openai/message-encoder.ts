import type { ContentPart, TextPart, ToolCallPart, ToolResultPart } from '../../ir/content.ts'
import type { JsonObject } from '../../ir/json.ts'
import type { Message } from '../../ir/request.ts'
import type { WireQuirks } from '../codec.ts'
import { emulatedCustomArguments } from '../custom-tools.ts'
import type { ToolNames } from '../namespaces.ts'
import type { Report } from '../report.ts'
import { sanitizeToolId } from '../tool-id.ts'
import { toolInputText } from '../tool-input.ts'
import { addExtra, put } from './fields.ts'
import { asContent, PartEncoder, textPart } from './part-encoder.ts'
import { putReasoning } from './reasoning-encoder.ts'

/** Longest id of a tool call that OpenAI accepts. */
const MAX_ID_LENGTH = 64

/** Encodes the turns of a conversation whose tool results already stand next to their calls. */
export class MessageEncoder {
  private readonly names: ToolNames
  private readonly quirks: WireQuirks
  private readonly report: Report
  private readonly parts: PartEncoder
  private readonly encoded: JsonObject[] = []
  /** Media of tool results, sent as a user turn behind the last result of the row. */
  private media: JsonObject[] = []

  constructor(names: ToolNames, quirks: WireQuirks, report: Report) {
    this.names = names
    this.quirks = quirks
    this.report = report
    this.parts = new PartEncoder(quirks, report)
  }

  encode(messages: readonly Message[]): JsonObject[] {
    for (const message of messages) {
      if (message.role !== 'tool') this.flushMedia()
      this.reportFields(message)
      if (message.role === 'tool') this.toolResults(message)
      else if (message.role === 'assistant') this.assistant(message)
      else if (message.role === 'user') this.user(message)
      else this.system(message)
    }
    this.flushMedia()
    return this.encoded
  }

  private reportFields(message: Message): void {
    if (message.id !== undefined) this.report.lost('message.id', message.path, 'messages have no ids here')
    if (message.phase !== undefined) this.report.lost('message.phase', message.path, 'messages have no phase here')
    if (message.status !== undefined) this.report.lost('message.status', message.path, 'messages have no status here')
  }

  private push(role: string, content: unknown, message: Message): JsonObject {
    const encoded: JsonObject = { role, content }
    put(encoded, 'name', message.name)
    this.encoded.push(encoded)
    return encoded
  }

  private system(message: Message): void {
    const developer = message.role === 'developer'
    if (developer && this.quirks.developerRole !== true)
      this.report.rewritten('role.developer', message.path, 'a developer turn became a system turn')
    const encoded = this.parts.encode(message.content)
    const text = encoded.filter((part) => part['type'] === 'text')
    const media = encoded.filter((part) => part['type'] !== 'text')
    const role = developer && this.quirks.developerRole === true ? 'developer' : 'system'
    if (text.length > 0 || media.length === 0) {
      const wire = this.push(role, asContent(text), message)
      addExtra(wire, message.extra, message.path, this.report)
    }
    if (media.length === 0) return
    this.report.rewritten('role.developer', message.path, 'media of a system turn became a user turn')
    const wire: JsonObject = { role: 'user', content: media }
    if (text.length === 0) {
      put(wire, 'name', message.name)
      addExtra(wire, message.extra, message.path, this.report)
    }
    this.encoded.push(wire)
  }

  private user(message: Message): void {
    const wire = this.push('user', asContent(this.parts.encode(message.content)), message)
    addExtra(wire, message.extra, message.path, this.report)
  }

  private assistant(message: Message): void {
    const text: JsonObject[] = []
    const calls: JsonObject[] = []
    const refusals: string[] = []
    const wire = this.push('assistant', null, message)
    putReasoning(
      wire,
      message.content.filter((part) => part.type === 'reasoning'),
      this.quirks,
      this.report,
    )
    for (const part of message.content) {
      if (part.type === 'text') text.push(...this.assistantText(part, wire))
      else if (part.type === 'refusal') refusals.push(part.text)
      else if (part.type === 'tool-call') calls.push(this.call(part))
      else if (part.type === 'hosted-tool-call' && part.origin === 'openai') calls.push(part.raw)
      else if (part.type === 'audio' && part.id !== undefined) this.audioReference(part, wire)
      else if (part.type === 'image')
        this.report.lost('part.image_in_assistant', part.path, 'images of the assistant cannot be sent back')
      else if (part.type !== 'reasoning')
        text.push(...this.parts.part(part).filter((encoded) => this.isAssistantPart(encoded, part)))
    }
    if (refusals.length > 0) wire['refusal'] = refusals.join('')
    if (calls.length > 0) wire['tool_calls'] = calls
    const silent = calls.length > 0 || refusals.length > 0 || wire['audio'] !== undefined
    // A turn of which nothing could be carried would be one without content, which servers refuse.
    if (text.length === 0 && !silent && this.isHollow(wire, message)) {
      this.encoded.pop()
      return
    }
    wire['content'] = text.length === 0 && silent ? null : asContent(text)
    addExtra(wire, message.extra, message.path, this.report)
  }

  private isHollow(wire: JsonObject, message: Message): boolean {
    const isBare = Object.keys(wire).length === 2 && message.extra === undefined
    return isBare && message.content.length > 0
  }

  private assistantText(part: TextPart, wire: JsonObject): JsonObject[] {
    const own = part.citations?.filter((citation) => citation.origin === 'openai') ?? []
    if (own.length === 0) return this.parts.part(part)
    wire['annotations'] = own.map((citation) => citation.raw)
    return this.parts.part({ ...part, citations: part.citations?.filter((citation) => citation.origin !== 'openai') })
  }

  /** An assistant turn holds text only; media that a rewrite produced has no place. */
  private isAssistantPart(encoded: JsonObject, part: ContentPart): boolean {
    if (part.type === 'opaque' || encoded['type'] === 'text') return true
    this.report.lost(
      part.type === 'audio' ? 'part.audio' : 'part.opaque',
      part.path,
      'media of the assistant cannot be sent back',
    )
    return false
  }

  private audioReference(part: Extract<ContentPart, { type: 'audio' }>, wire: JsonObject): void {
    const audio: JsonObject = { id: part.id }
    addExtra(audio, part.extra, part.path, this.report)
    wire['audio'] = audio
  }

  private call(part: ToolCallPart): JsonObject {
    const custom = part.input.kind === 'text' && this.quirks.customTools === true
    const name = this.names.wireName(part.name, part.namespace)
    if (part.namespace !== undefined)
      this.report.rewritten('part.tool_call_namespace', part.path, 'the namespace became part of the name')
    else if (name !== part.name) this.report.rewritten('tools.name', part.path, 'the name of a tool was made acceptable')
    if (part.caller !== undefined) this.report.lost('part.tool_call_caller', part.path, 'who called a tool cannot be told')
    if (part.itemId !== undefined || part.status !== undefined)
      this.report.lost('part.tool_call_status', part.path, 'item ids and status cannot be sent')
    const wire: JsonObject = custom
      ? { id: this.id(part.id, part.path), type: 'custom', custom: { name, input: toolInputText(part.input) } }
      : { id: this.id(part.id, part.path), type: 'function', function: { name, arguments: this.arguments(part) } }
    if (part.signature !== undefined && this.quirks.thoughtSignatures === true)
      wire['extra_content'] = { google: { thought_signature: part.signature } }
    else if (part.signature !== undefined)
      this.report.lost('part.reasoning_signature', part.path, 'the signature of a call is only valid at its origin')
    this.parts.finish(wire, part)
    return wire
  }

  private arguments(part: ToolCallPart): string {
    if (part.input.kind !== 'text') return toolInputText(part.input)
    this.report.rewritten('part.tool_call_custom', part.path, 'a call of a custom tool became a function call')
    return emulatedCustomArguments(part.input.text)
  }

  private id(id: string, path: string | undefined): string {
    if (id.length <= MAX_ID_LENGTH) return id
    this.report.rewritten('part.tool_call_id', path, 'the id of a tool call was too long')
    return sanitizeToolId(id)
  }

  private toolResults(message: Message): void {
    for (const part of message.content) {
      if (part.type === 'tool-result') this.toolResult(part)
      else this.media.push(...this.parts.part(part))
    }
    addExtra({}, message.extra, message.path, this.report)
  }

  private toolResult(part: ToolResultPart): void {
    if (part.itemId !== undefined || part.status !== undefined)
      this.report.lost('part.tool_call_status', part.path, 'item ids and status cannot be sent')
    const text: JsonObject[] = []
    for (const inner of part.content) {
      for (const encoded of this.parts.part(inner)) {
        if (encoded['type'] === 'text' || inner.type === 'opaque') text.push(encoded)
        else this.moveMedia(encoded, inner)
      }
    }
    if (part.isError === true) this.markError(text, part)
    const wire: JsonObject = { role: 'tool', tool_call_id: this.id(part.callId, part.path), content: asContent(text) }
    put(wire, 'name', part.name)
    this.parts.finish(wire, part)
    this.encoded.push(wire)
  }

  private moveMedia(encoded: JsonObject, part: ContentPart): void {
    const code = part.type === 'document' ? 'part.document_in_tool_result' : 'part.image_in_tool_result'
    this.report.rewritten(code, part.path, 'media of a tool result became a user turn behind it')
    this.media.push(encoded)
  }

  /** There is no field for failure, so the text has to tell it. */
  private markError(text: JsonObject[], part: ToolResultPart): void {
    this.report.rewritten('part.tool_result_error', part.path, 'that a tool failed is told in its text')
    const first = text.findIndex((encoded) => encoded['type'] === 'text')
    const body = first < 0 ? '' : String(text[first]?.['text'])
    if (/error|exception|fail|traceback/i.test(body.slice(0, 500))) return
    if (first < 0) text.unshift(textPart('Error'))
    else text[first] = { ...text[first], text: `Error: ${body}` }
  }

  private flushMedia(): void {
    if (this.media.length === 0) return
    this.encoded.push({ role: 'user', content: asContent(this.media) })
    this.media = []
  }
}
