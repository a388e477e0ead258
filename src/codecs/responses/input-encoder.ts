import type { ContentPart, RefusalPart, TextPart } from '../../ir/content.ts'
import type { JsonObject } from '../../ir/json.ts'
import type { Message } from '../../ir/request.ts'
import { put, putExtra } from './field-writer.ts'
import { encodeCompaction, encodeReasoning, encodeToolCall, encodeToolResult, type ItemContext } from './item-encoder.ts'
import { encodeInputParts, encodeOutputPart } from './part-encoder.ts'

/** The messages as `input` items, in their order. */
export function encodeInput(messages: readonly Message[], context: ItemContext): JsonObject[] {
  const encoder = new ItemEncoder(context)
  for (const message of messages) encoder.message(message)
  return encoder.items
}

class ItemEncoder {
  readonly items: JsonObject[] = []
  private readonly context: ItemContext
  /** Parts that will stand together in one message item. */
  private pending: ContentPart[] = []
  /** Id, phase and status belong to the first message item of a message. */
  private ownFieldsWritten = false

  constructor(context: ItemContext) {
    this.context = context
  }

  message(message: Message): void {
    const { report } = this.context
    this.ownFieldsWritten = false
    if (message.name !== undefined) report.lost('message.name', message.path, 'names of participants are not possible here')
    for (const part of message.content) this.part(part, message)
    if (this.pending.length > 0 || message.content.length === 0) this.flush(message)
    if (!this.ownFieldsWritten && message.extra !== undefined) putExtra({}, message.extra, message.path, report)
  }

  private part(part: ContentPart, message: Message): void {
    const item = this.item(part, message)
    if (item === 'content') {
      this.pending.push(part)
      return
    }
    if (item === undefined) return
    this.flush(message)
    this.items.push(item)
  }

  /** The item a part is by itself; `content` when it belongs into a message item, undefined when it was left out. */
  private item(part: ContentPart, message: Message): JsonObject | 'content' | undefined {
    const { context } = this
    switch (part.type) {
      case 'tool-call':
        return encodeToolCall(part, context)
      case 'tool-result':
        return encodeToolResult(part, context)
      case 'reasoning':
        return encodeReasoning(part, context)
      case 'item-reference': {
        const reference: JsonObject = { type: 'item_reference', id: part.id }
        putExtra(reference, part.extra, part.path, context.report)
        return reference
      }
      case 'hosted-tool-call':
      case 'hosted-tool-result':
        if (part.origin === 'responses') return part.raw
        if (part.type === 'hosted-tool-call')
          context.report.lost('part.hosted_tool_call', part.path, "a call of another provider's own tool was left out")
        else context.report.lost('part.hosted_tool_result', part.path, "a result of another provider's own tool was left out")
        return undefined
      case 'compaction': {
        const compacted = encodeCompaction(part, context.report)
        if (typeof compacted !== 'string') return compacted
        return { type: 'message', role: 'user', content: [{ type: 'input_text', text: compacted }] }
      }
      case 'opaque':
        return this.opaque(part, message)
      default:
        return message.role === 'assistant' ? this.assistantContent(part, message) : 'content'
    }
  }

  /** Unknown items stand directly in `input`, unknown parts inside the content of a message: the path tells them apart. */
  private opaque(part: Extract<ContentPart, { type: 'opaque' }>, message: Message): JsonObject | 'content' | undefined {
    if (part.format !== 'responses') {
      this.context.report.lost('part.opaque', part.path, 'a part of unknown type was left out')
      return undefined
    }
    return message.role === 'assistant' && part.path?.includes('/content') !== true ? (part.json as JsonObject) : 'content'
  }

  private assistantContent(part: ContentPart, message: Message): 'content' | undefined {
    const { report, native } = this.context
    if (part.type === 'text') {
      if (part.cache !== undefined)
        report.lost('cache_hint', part.path, 'cache markers are not possible here; the provider caches by itself')
      if (part.text !== '' || native || message.content.length === 1) return 'content'
      report.rewritten('message.empty_text', part.path, 'an empty text beside other parts was left out')
      return undefined
    }
    if (part.type === 'refusal') return 'content'
    const feature = part.type === 'audio' ? 'part.audio' : part.type === 'video' ? 'part.video' : 'part.image_in_assistant'
    report.lost(feature, part.path, 'an assistant message holds text only here')
    return undefined
  }

  /** Writes the pending parts as one message item. */
  private flush(message: Message): void {
    const { report } = this.context
    const parts = this.pending
    this.pending = []
    if (parts.length === 0 && message.content.length > 0) return
    const first = !this.ownFieldsWritten
    this.ownFieldsWritten = true
    const item: JsonObject = { type: 'message' }
    if (first) put(item, 'id', message.id)
    item['role'] = message.role === 'tool' ? 'user' : message.role
    item['content'] =
      message.role === 'assistant'
        ? this.assistantItemContent(parts, first ? message : undefined)
        : this.inputContent(parts, message)
    if (first) {
      // An answer that is replayed with its id must have a status; the API knows no other message with both.
      put(item, 'status', message.status ?? (message.role === 'assistant' && message.id !== undefined ? 'completed' : undefined))
      put(item, 'phase', message.phase)
      putExtra(item, message.extra, message.path, report)
    }
    this.items.push(item)
  }

  /** A string when the body had one, else the list of parts. */
  private inputContent(parts: ContentPart[], message: Message): string | JsonObject[] {
    const [only] = parts
    const { native, report } = this.context
    if (only === undefined && !native) return ''
    if (native && parts.length === 1 && only?.type === 'text' && only.path === `${message.path}/content`) return only.text
    return encodeInputParts(parts, { report, native, place: 'input' })
  }

  /** Without an id the API's schema takes an assistant message only as a string, so one plain text becomes one. */
  private assistantItemContent(parts: ContentPart[], owner: Message | undefined): string | JsonObject[] {
    const { report, native } = this.context
    const [only] = parts
    if (only === undefined) return native ? [] : ''
    const plain =
      parts.length === 1 &&
      only.type === 'text' &&
      only.citations === undefined &&
      only.logprobs === undefined &&
      only.extra === undefined
    if (plain && owner?.id === undefined) return only.text
    return parts.map((part) =>
      part.type === 'opaque' ? (part.json as JsonObject) : encodeOutputPart(part as TextPart | RefusalPart, report),
    )
  }
}
