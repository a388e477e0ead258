import { isObject, type JsonObject } from '../../ir/json.ts'
import type { Emit, StreamEvent } from '../../ir/stream-event.ts'
import type { SseFrame } from '../../lib/sse-parser.ts'
import { unwrapState } from '../carrier.ts'
import type { StreamDecoder } from '../codec.ts'
import { CUT_OFF, NO_JSON, NO_OBJECT, parseFrame } from '../upstream-frames.ts'
import { failureOf, isClientCall, unmodelledFields } from './answer-fields.ts'
import { decodeFinish } from './finish.ts'
import { decodeOutputPart } from './response-decoder.ts'
import { CallItem, MessageItem, ReasoningItem, type BlockCounter, type StreamedItem } from './stream-item.ts'
import { decodeUsage } from './usage.ts'

const number = (value: unknown): number => (typeof value === 'number' ? value : 0)

/** Responses events → canonical events. Items are known by their output index; each is told once, by deltas or whole. */
export class ResponsesStreamDecoder implements StreamDecoder {
  private readonly blocks: BlockCounter = { next: 0 }
  private readonly items: (StreamedItem | 'whole' | 'done' | undefined)[] = []
  /** Output index by item id, for servers that leave the index out. */
  private readonly indexes = new Map<string, number>()
  private started = false
  private callsTools = false
  private finished = false

  push(frame: SseFrame, emit: Emit): void {
    if (this.finished || frame.data === '' || frame.data === '[DONE]') return
    const data = parseFrame(frame.data)
    if (!isObject(data)) {
      this.fail(data === undefined ? NO_JSON : NO_OBJECT, emit)
      return
    }
    const type = typeof data['type'] === 'string' ? data['type'] : (frame.event ?? '')
    if (!this.delta(type, data, emit) && !this.itemEvent(type, data, emit)) this.lifecycle(type, data, frame.event, emit)
  }

  end(emit: Emit): void {
    if (this.finished) return
    this.closeAll(emit)
    this.fail(CUT_OFF, emit)
  }

  /** The frequent events. False when `type` is none of them. */
  private delta(type: string, data: JsonObject, emit: Emit): boolean {
    const text = data['delta']
    switch (type) {
      case 'response.output_text.delta':
      case 'response.refusal.delta': {
        if (typeof text !== 'string') return true
        const item = this.messageOf(data)
        const kind = type === 'response.refusal.delta' ? 'refusal' : 'text'
        item?.delta(item.start(number(data['content_index']), kind, emit), text, data['logprobs'], emit)
        return true
      }
      case 'response.function_call_arguments.delta':
      case 'response.custom_tool_call_input.delta': {
        const item = this.items[this.indexOf(data)]
        // Arguments of a call that was never announced come whole with the finished item, with its name.
        if (item instanceof CallItem && typeof text === 'string') item.delta(text, emit)
        return true
      }
      case 'response.reasoning_summary_text.delta':
      case 'response.reasoning_text.delta': {
        if (typeof text !== 'string') return true
        const summary = type === 'response.reasoning_summary_text.delta'
        this.reasoningOf(data, emit)?.delta(
          summary ? 'summary' : 'text',
          number(data[summary ? 'summary_index' : 'content_index']),
          text,
          emit,
        )
        return true
      }
      default:
        return false
    }
  }

  /** Events that begin or finish items and their parts. False when `type` is none of them. */
  private itemEvent(type: string, data: JsonObject, emit: Emit): boolean {
    switch (type) {
      case 'response.output_item.added':
        if (isObject(data['item'])) this.begin(data['item'], this.indexOf(data), emit)
        return true
      case 'response.output_item.done':
        if (isObject(data['item'])) this.complete(data['item'], this.indexOf(data), emit)
        return true
      case 'response.content_part.added':
        this.partAdded(data, emit)
        return true
      case 'response.content_part.done': {
        const item = this.items[this.indexOf(data)]
        if (item instanceof MessageItem) item.finishPart(number(data['content_index']), data['part'], emit)
        return true
      }
      case 'response.output_text.done':
      case 'response.refusal.done': {
        const item = this.messageOf(data)
        const kind = type === 'response.refusal.done' ? 'refusal' : 'text'
        item?.whole(item.start(number(data['content_index']), kind, emit), data[kind], data['logprobs'], emit)
        return true
      }
      case 'response.output_text.annotation.added':
        this.messageOf(data)?.citation(number(data['content_index']), data['annotation'], emit)
        return true
      case 'response.function_call_arguments.done':
      case 'response.custom_tool_call_input.done': {
        const item = this.items[this.indexOf(data)]
        if (item instanceof CallItem) item.whole(data['arguments'] ?? data['input'], emit)
        return true
      }
      case 'response.reasoning_summary_text.done':
      case 'response.reasoning_text.done': {
        const summary = type === 'response.reasoning_summary_text.done'
        this.reasoningOf(data, emit)?.whole(
          summary ? 'summary' : 'text',
          number(data[summary ? 'summary_index' : 'content_index']),
          data['text'],
          emit,
        )
        return true
      }
      case 'response.reasoning_summary_part.added':
      case 'response.reasoning_summary_part.done':
        return true
      default:
        return false
    }
  }

  private lifecycle(type: string, data: JsonObject, event: string | undefined, emit: Emit): void {
    const response = isObject(data['response']) ? data['response'] : {}
    switch (type) {
      case 'response.created':
      case 'response.in_progress':
      case 'response.queued':
        this.start(response, emit)
        return
      case 'response.completed':
      case 'response.incomplete':
      case 'response.done':
        this.finish(response, type, emit)
        return
      case 'response.failed':
      case 'response.cancelled':
        this.start(response, emit)
        this.fail(
          failureOf(
            response['error'] ?? data['error'],
            type === 'response.cancelled' ? 'the answer was cancelled' : 'the upstream failed',
          ),
          emit,
        )
        return
      case 'error':
        this.fail(failureOf(isObject(data['error']) ? data['error'] : data, 'the upstream failed'), emit)
        return
      case 'keepalive':
      case 'ping':
        emit({ type: 'ping' })
        return
      default:
        if (data['error'] !== undefined && data['error'] !== null && data['type'] === undefined)
          this.fail(failureOf(data['error'], 'the upstream failed'), emit)
        else emit({ type: 'opaque', format: 'responses', event, data })
    }
  }

  private start(response: JsonObject, emit: Emit): void {
    if (this.started) return
    this.started = true
    emit({
      type: 'response-start',
      id: typeof response['id'] === 'string' ? response['id'] : undefined,
      model: typeof response['model'] === 'string' ? response['model'] : undefined,
      createdAt: typeof response['created_at'] === 'number' ? Math.floor(response['created_at']) : undefined,
    })
  }

  private begin(item: JsonObject, index: number, emit: Emit): void {
    this.started ||= this.startBare(emit)
    if (typeof item['id'] === 'string') this.indexes.set(item['id'], index)
    if (this.items[index] !== undefined) return
    const { type } = item
    if (type === 'message') this.items[index] = new MessageItem(item, this.blocks)
    else if (type === 'reasoning') this.items[index] = new ReasoningItem(item, this.blocks, emit)
    else if (isClientCall(type) && typeof item['name'] === 'string') {
      this.callsTools = true
      this.items[index] = new CallItem(item, this.blocks, emit)
    } else this.items[index] = 'whole'
  }

  private complete(item: JsonObject, index: number, emit: Emit): void {
    this.begin(item, index, emit)
    const known = this.items[index]
    if (known === 'done') return
    if (known === undefined || known === 'whole')
      emit({ type: 'part', block: this.blocks.next++, choice: 0, part: decodeOutputPart(item, `/output/${index}`) })
    else if (known instanceof ReasoningItem) known.done(item, stateOf, emit)
    else known.done(item, emit)
    this.items[index] = 'done'
  }

  private partAdded(data: JsonObject, emit: Emit): void {
    const part = data['part']
    if (!isObject(part) || (part['type'] !== 'output_text' && part['type'] !== 'refusal')) return
    this.messageOf(data)?.start(number(data['content_index']), part['type'] === 'refusal' ? 'refusal' : 'text', emit)
  }

  private finish(response: JsonObject, type: string, emit: Emit): void {
    this.start(response, emit)
    const output = Array.isArray(response['output']) ? response['output'] : []
    // Items that were never finished by an event of their own. Servers that renumber would repeat themselves, so ids count too.
    output.forEach((item: unknown, index) => {
      if (!isObject(item)) return
      const known = typeof item['id'] === 'string' ? this.indexes.get(item['id']) : undefined
      this.complete(item, known ?? index, emit)
    })
    this.closeAll(emit)
    const fields = unmodelledFields(response)
    if (fields !== undefined) emit({ type: 'metadata', format: 'responses', fields })
    if (isObject(response['usage'])) emit({ type: 'usage', usage: decodeUsage(response['usage'], response['service_tier']) })
    const status = response['status'] ?? (type === 'response.incomplete' ? 'incomplete' : 'completed')
    emit({ type: 'finish', choice: 0, reason: decodeFinish({ ...response, status }, this.callsTools) })
    this.finished = true
    emit({ type: 'end' })
  }

  private fail(error: Extract<StreamEvent, { type: 'error' }>['error'], emit: Emit): void {
    this.finished = true
    emit({ type: 'error', error })
  }

  private closeAll(emit: Emit): void {
    this.items.forEach((item) => {
      if (typeof item === 'object') item.close(emit)
    })
  }

  /** Answers that never said `response.created` start all the same. */
  private startBare(emit: Emit): true {
    emit({ type: 'response-start' })
    return true
  }

  private indexOf(data: JsonObject): number {
    const index = data['output_index']
    if (typeof index === 'number' && Number.isInteger(index) && index >= 0 && index < 100_000) return index
    const item = data['item']
    const id = data['item_id'] ?? (isObject(item) ? item['id'] : undefined)
    return (typeof id === 'string' ? this.indexes.get(id) : undefined) ?? this.items.length
  }

  private messageOf(data: JsonObject): MessageItem | undefined {
    const index = this.indexOf(data)
    this.items[index] ??= new MessageItem({ id: data['item_id'] }, this.blocks)
    const item = this.items[index]
    return item instanceof MessageItem ? item : undefined
  }

  private reasoningOf(data: JsonObject, emit: Emit): ReasoningItem | undefined {
    const index = this.indexOf(data)
    this.items[index] ??= new ReasoningItem({ id: data['item_id'] }, this.blocks, emit)
    const item = this.items[index]
    return item instanceof ReasoningItem ? item : undefined
  }
}

/** The opaque state of a reasoning item; an upstream that is a gateway like this one may send another format's. */
function stateOf(encrypted: string): Extract<StreamEvent, { type: 'reasoning-state' }> {
  const carried = unwrapState(encrypted)
  if (carried === undefined) return { type: 'reasoning-state', block: 0, origin: 'responses', encrypted }
  const { origin, signature, redacted, encrypted: inner, details, callId } = carried
  return { type: 'reasoning-state', block: 0, origin, signature, redacted, encrypted: inner, details, callId }
}
