import type { ContentPart } from '../../ir/content.ts'
import type { FinishReason } from '../../ir/finish.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'
import type { StreamEvent, StreamFailure } from '../../ir/stream-event.ts'
import { mergeUsage, type Usage } from '../../ir/usage.ts'
import type { ClientContext, StreamEncoder, WriteFrame } from '../codec.ts'
import { encodeFailure } from './error.ts'
import { encodeStatus, type EncodedStatus } from './finish.ts'
import { CallResolver, callStateItem, itemId, responseId, wantsSummary } from './output-items.ts'
import { echoFields } from './response-echo.ts'
import { StreamedCall } from './stream-call.ts'
import { StreamedMessage, StreamedText } from './stream-message.ts'
import { StreamedReasoning } from './stream-reasoning.ts'
import { StreamWriter, type ItemIds } from './stream-writer.ts'
import { encodeUsage } from './usage.ts'

type Block = StreamedText | StreamedReasoning | StreamedCall

/** Canonical events → Responses events. There is one answer in this format, so events of further choices are left out. */
export class ResponsesStreamEncoder implements StreamEncoder {
  private readonly context: ClientContext
  private readonly writer = new StreamWriter()
  private readonly calls: CallResolver
  private readonly textAsSummary: boolean
  private readonly blocks = new Map<number, Block>()
  /** The message item that takes further texts. */
  private message: StreamedMessage | undefined = undefined
  private started = false
  private closed = false
  private id = ''
  private createdAt = 0
  private echo = ''
  private upstreamFields: Record<string, unknown> | undefined = undefined
  private usage: Usage | undefined = undefined
  private finish: FinishReason = { unified: 'unknown' }

  constructor(context: ClientContext) {
    this.context = context
    this.calls = new CallResolver(context.request)
    this.textAsSummary = wantsSummary(context.request)
  }

  write(event: StreamEvent, frame: WriteFrame): void {
    if (this.closed) return
    switch (event.type) {
      case 'text-delta': {
        const block = this.blocks.get(event.block)
        if (block instanceof StreamedText) block.delta(event.text, event.logprobs, frame)
        return
      }
      case 'refusal-delta': {
        const block = this.blocks.get(event.block)
        if (block instanceof StreamedText) block.delta(event.text, undefined, frame)
        return
      }
      case 'reasoning-delta': {
        const block = this.blocks.get(event.block)
        if (block instanceof StreamedReasoning) block.delta(event, frame)
        return
      }
      case 'tool-call-delta': {
        const block = this.blocks.get(event.block)
        if (block instanceof StreamedCall) block.delta(event.text, frame)
        return
      }
      default:
        this.writeRare(event, frame)
    }
  }

  end(frame: WriteFrame): void {
    if (this.closed) return
    this.start(undefined, undefined, frame)
    this.closeBlocks(frame)
    const ending = encodeStatus(this.finish)
    const { status } = ending
    const error = status === 'failed' ? { code: 'server_error', message: 'the model failed to answer' } : null
    const type = status === 'completed' || status === 'incomplete' || status === 'failed' ? status : 'completed'
    this.writeSnapshot(`response.${type}`, ending, error, frame)
    this.closed = true
  }

  private writeRare(event: StreamEvent, frame: WriteFrame): void {
    switch (event.type) {
      case 'response-start':
        if (event.usage !== undefined) this.usage = mergeUsage(this.usage, event.usage)
        this.start(event.id, event.createdAt, frame)
        return
      case 'text-start':
      case 'refusal-start':
      case 'reasoning-start':
      case 'tool-call-start':
        if (event.choice !== 0) return
        this.start(undefined, undefined, frame)
        this.blocks.set(event.block, this.open(event, frame))
        return
      case 'text-end':
      case 'refusal-end':
      case 'reasoning-end':
      case 'tool-call-end':
        this.blocks.get(event.block)?.end(frame)
        this.blocks.delete(event.block)
        return
      case 'citation': {
        const block = this.blocks.get(event.block)
        if (block instanceof StreamedText) block.citation(event.citation, frame)
        return
      }
      case 'reasoning-state': {
        const block = this.blocks.get(event.block)
        if (block instanceof StreamedReasoning) block.keep(event)
        return
      }
      case 'part':
        if (event.choice === 0) this.part(event.part, frame)
        return
      case 'usage':
        this.usage = mergeUsage(this.usage, event.usage)
        return
      case 'finish':
        if (event.choice === 0) this.finish = event.reason
        return
      case 'metadata':
        if (event.format === 'responses') this.upstreamFields = { ...this.upstreamFields, ...event.fields }
        return
      case 'opaque':
        this.opaque(event, frame)
        return
      case 'error':
        this.fail(event.error, frame)
        return
      default: // `ping` and `end` are told by the pump; deltas never get here
    }
  }

  private start(upstreamId: string | undefined, createdAt: number | undefined, frame: WriteFrame): void {
    if (this.started) return
    this.started = true
    this.id = responseId(upstreamId, this.context)
    this.createdAt = createdAt ?? this.context.createdAt
    this.echo = inside(echoFields(this.context, undefined, undefined))
    this.writeSnapshot('response.created', { status: 'in_progress', incomplete: null }, null, frame)
    this.writeSnapshot('response.in_progress', { status: 'in_progress', incomplete: null }, null, frame)
  }

  private open(
    event: Extract<StreamEvent, { type: 'text-start' | 'refusal-start' | 'reasoning-start' | 'tool-call-start' }>,
    frame: WriteFrame,
  ): Block {
    if (event.type === 'text-start') return this.messageFor(event.id, event.phase, frame).startPart('text', frame)
    if (event.type === 'refusal-start')
      return this.messageFor(this.message?.upstreamId, undefined, frame).startPart('refusal', frame)
    this.sealMessage(frame)
    if (event.type === 'tool-call-start') {
      if (event.signature !== undefined) this.callState(event.id, event.signature, frame)
      const call = this.calls.resolve(event.name, event.namespace, event.kind)
      return new StreamedCall(event, call, this.context, { writer: this.writer, frame })
    }
    return new StreamedReasoning(this.ids('rs', event.id), this.textAsSummary, this.writer, frame)
  }

  private messageFor(upstreamId: string | undefined, phase: string | undefined, frame: WriteFrame): StreamedMessage {
    if (this.message !== undefined && this.message.upstreamId === upstreamId) return this.message
    this.sealMessage(frame)
    this.message = new StreamedMessage(this.ids('msg', upstreamId), phase, this.writer, frame)
    return this.message
  }

  /** Ids of the item that is about to take the next index. */
  private ids(prefix: string, upstreamId: string | undefined): ItemIds {
    return { id: itemId(prefix, upstreamId, this.writer.peek(), this.context), upstreamId }
  }

  private sealMessage(frame: WriteFrame): void {
    this.message?.seal(frame)
    this.message = undefined
  }

  /** A part that arrives whole becomes an item that begins and ends at once. */
  private part(part: ContentPart, frame: WriteFrame): void {
    const item = wholeItem(part)
    if (item === undefined) return
    this.start(undefined, undefined, frame)
    this.sealMessage(frame)
    const index = this.writer.allocate()
    this.atOnce(index, part.type === 'image' ? { id: itemId('ig', undefined, index, this.context), ...item } : item, frame)
  }

  private callState(callId: string, signature: string, frame: WriteFrame): void {
    const index = this.writer.allocate()
    this.atOnce(index, callStateItem(itemId('rs', undefined, index, this.context), callId, signature), frame)
  }

  private atOnce(index: number, item: JsonObject, frame: WriteFrame): void {
    this.writer.added(index, item, frame)
    this.writer.done(index, item, frame)
  }

  /** Progress of single items is left out: their indexes are another stream's, and the item itself arrives whole. */
  private opaque(event: Extract<StreamEvent, { type: 'opaque' }>, frame: WriteFrame): void {
    const { data } = event
    if (event.format !== 'responses' || !isObject(data) || 'output_index' in data || 'item_id' in data) return
    const type = typeof data['type'] === 'string' ? data['type'] : event.event
    if (type === undefined) return
    this.start(undefined, undefined, frame)
    frame(type, JSON.stringify({ ...data, sequence_number: this.writer.sequence++ }))
  }

  private fail(failure: StreamFailure, frame: WriteFrame): void {
    this.start(undefined, undefined, frame)
    this.writeSnapshot('response.failed', { status: 'failed', incomplete: null }, encodeFailure(failure), frame)
    this.closed = true
  }

  private closeBlocks(frame: WriteFrame): void {
    for (const block of this.blocks.values()) block.end(frame)
    this.blocks.clear()
    this.sealMessage(frame)
  }

  private writeSnapshot(type: string, ending: EncodedStatus, error: JsonObject | null, frame: WriteFrame): void {
    const { status, incomplete } = ending
    const closing = type !== 'response.created' && type !== 'response.in_progress'
    if (closing && (this.upstreamFields !== undefined || this.usage?.serviceTier !== undefined)) {
      this.echo = inside(echoFields(this.context, this.upstreamFields, this.usage?.serviceTier))
    }
    const usage = closing && this.usage !== undefined ? `"usage":${JSON.stringify(encodeUsage(this.usage))},` : ''
    const head =
      `"id":${JSON.stringify(this.id)},"object":"response","created_at":${this.createdAt},"status":"${status}",` +
      `"error":${JSON.stringify(error)},"incomplete_details":${JSON.stringify(incomplete)},"model":${JSON.stringify(this.context.model)},` +
      `"output":[${closing ? this.writer.output() : ''}],${usage}`
    this.writer.event(type, `"response":{${head}${this.echo}}`, frame)
  }
}

/** The item of a part that this format can hold whole. */
function wholeItem(part: ContentPart): JsonObject | undefined {
  switch (part.type) {
    case 'hosted-tool-call':
    case 'hosted-tool-result':
    case 'compaction':
      return part.origin === 'responses' ? part.raw : undefined
    case 'opaque':
      return part.format === 'responses' && isObject(part.json) ? part.json : undefined
    case 'image':
      return part.source.kind === 'base64'
        ? { type: 'image_generation_call', status: 'completed', result: part.source.data }
        : undefined
    default:
      return undefined
  }
}

/** A JSON object without its braces, to be set into a larger one. */
function inside(object: JsonObject): string {
  return JSON.stringify(object).slice(1, -1)
}
