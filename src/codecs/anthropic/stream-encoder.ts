import type { Diagnostic } from '../../ir/diagnostic.ts'
import type { FinishReason } from '../../ir/finish.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'
import type { StreamEvent } from '../../ir/stream-event.ts'
import { mergeUsage, type Usage } from '../../ir/usage.ts'
import type { ClientContext, StreamEncoder, WriteFrame } from '../codec.ts'
import { Report } from '../report.ts'
import { callStateBlock, rawAnswerBlock } from './answer-parts.ts'
import {
  ReasoningWriter,
  TextWriter,
  ToolCallWriter,
  writeWholeBlock,
  type BlockWriter,
  type NextIndex,
} from './block-writers.ts'
import { encodeFailure } from './error.ts'
import { encodeFinish } from './finish.ts'
import { BEHIND_TEXT } from './reasoning.ts'
import { callId, messageId } from './response-encoder.ts'
import { encodeUsage } from './usage.ts'

/** Events that belong to a block. */
type BlockEvent = Extract<StreamEvent, { readonly block: number }>

/** Keeps the line open. */
export const PING = '{"type": "ping"}'
/** No block is open. */
const NONE = -1

/**
 * Canonical events → frames of a messages stream. The format has one open block at a time: events of blocks that run beside
 * the open one wait, and follow in the order their blocks started.
 */
export class AnthropicStreamEncoder implements StreamEncoder {
  readonly diagnostics: readonly Diagnostic[]
  private readonly context: ClientContext
  private readonly report: Report
  private readonly waiting: Map<number, BlockEvent[]>
  private readonly ignored: Set<number>
  private readonly nextIndex: NextIndex
  private blockCount: number
  private openBlock: number
  private writer: BlockWriter | undefined
  private started: boolean
  private failed: boolean
  private startFields: JsonObject
  private deltaFields: JsonObject
  private usage: Usage | undefined
  private finish: FinishReason | undefined
  /** A signature behind a text, until something follows it. */
  private heldState: ReasoningWriter | undefined
  private hasText: boolean
  private heldToolCalls: boolean
  private heldRefusal: boolean

  constructor(context: ClientContext) {
    this.context = context
    this.report = new Report()
    this.diagnostics = this.report.diagnostics
    this.waiting = new Map()
    this.ignored = new Set()
    this.blockCount = 0
    this.nextIndex = () => this.blockCount++
    this.openBlock = NONE
    this.writer = undefined
    this.started = false
    this.failed = false
    this.startFields = {}
    this.deltaFields = {}
    this.usage = undefined
    this.finish = undefined
    this.heldState = undefined
    this.hasText = false
    this.heldToolCalls = false
    this.heldRefusal = false
  }

  write(event: StreamEvent, frame: WriteFrame): void {
    switch (event.type) {
      case 'response-start':
        if (event.usage !== undefined) this.usage = mergeUsage(this.usage, event.usage)
        this.start(event.id, frame)
        return
      case 'usage':
        this.usage = mergeUsage(this.usage, event.usage)
        return
      case 'finish':
        if (event.choice === 0) this.finish = event.reason
        return
      case 'metadata':
        this.keepMetadata(event)
        return
      case 'ping':
        frame('ping', PING)
        return
      case 'opaque':
        this.writeOpaque(event, frame)
        return
      case 'error':
        this.failed = true
        frame('error', encodeFailure(event.error))
        return
      case 'end':
        return
      default:
        this.blockEvent(event, frame)
    }
  }

  end(frame: WriteFrame): void {
    if (this.failed) return
    this.start(undefined, frame)
    this.closeOpen(frame)
    this.drain(frame, true)
    if (this.heldState !== undefined) this.report.lost('part.reasoning_signature', undefined, BEHIND_TEXT)
    if (this.finish?.unified === 'error') {
      frame('error', encodeFailure({ message: 'the model stopped with an error' }))
      return
    }
    frame('message_delta', JSON.stringify(this.messageDelta()))
    frame('message_stop', '{"type":"message_stop"}')
  }

  private start(id: string | undefined, frame: WriteFrame): void {
    if (this.started) return
    this.started = true
    // Clients show this number until the last report: an estimate is nearer the truth than 0.
    const isKnown = this.usage?.inputTokens !== undefined && this.usage.inputTokens > 0
    const usage = isKnown ? this.usage : { ...this.usage, inputTokens: undefined }
    const message: JsonObject = {
      ...this.startFields,
      id: messageId(id, this.context),
      type: 'message',
      role: 'assistant',
      model: this.context.model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: encodeUsage(usage, this.context.estimatedInputTokens),
    }
    frame('message_start', `{"type":"message_start","message":${JSON.stringify(message)}}`)
  }

  private messageDelta(): JsonObject {
    const finish = encodeFinish(this.finish, { toolCalls: this.heldToolCalls, refusal: this.heldRefusal })
    const { container, ...fields } = this.deltaFields
    const delta: JsonObject = { stop_reason: finish.stopReason, stop_sequence: finish.stopSequence }
    if (finish.details !== undefined) delta['stop_details'] = finish.details
    if (container !== undefined) delta['container'] = container
    return { ...fields, type: 'message_delta', delta, usage: encodeUsage(this.usage, this.context.estimatedInputTokens) }
  }

  private blockEvent(event: BlockEvent, frame: WriteFrame): void {
    if (event.block === this.openBlock) {
      this.apply(event, frame)
      if (this.openBlock === NONE && this.waiting.size > 0) this.drain(frame, false)
      return
    }
    if ('choice' in event && event.choice !== 0) {
      if (this.ignored.size === 0) this.report.lost('sampling.n', undefined, 'the format shows one answer only')
      this.ignored.add(event.block)
      return
    }
    if (this.ignored.size > 0 && this.ignored.has(event.block)) return
    if (this.openBlock === NONE) this.apply(event, frame)
    else if ('choice' in event) this.waiting.set(event.block, [event])
    else this.waiting.get(event.block)?.push(event)
  }

  /** Writes an event of the open block, or opens a block when none is. */
  private apply(event: BlockEvent, frame: WriteFrame): void {
    switch (event.type) {
      case 'text-start':
      case 'refusal-start':
        if (event.type === 'refusal-start') this.noteRefusal()
        this.open(event.block, new TextWriter(this.nextIndex, this.report), frame)
        return
      case 'reasoning-start':
        this.open(event.block, new ReasoningWriter(this.nextIndex, event.id), frame)
        return
      case 'tool-call-start':
        this.openToolCall(event, frame)
        return
      case 'part':
        this.writePart(event, frame)
        return
      case 'text-end':
      case 'refusal-end':
      case 'reasoning-end':
      case 'tool-call-end':
        this.closeOpen(frame)
        return
      default:
        this.writer?.write(event, frame)
    }
  }

  private open(block: number, writer: BlockWriter, frame: WriteFrame): void {
    this.startBlock(frame)
    this.openBlock = block
    this.writer = writer
    if (writer instanceof TextWriter) this.hasText = true
  }

  private openToolCall(event: Extract<StreamEvent, { type: 'tool-call-start' }>, frame: WriteFrame): void {
    this.startBlock(frame)
    this.heldToolCalls = true
    const id = callId(event.id, this.blockCount, this.context)
    if (event.signature !== undefined) writeWholeBlock(this.nextIndex(), callStateBlock(id, event.signature), frame)
    this.open(event.block, new ToolCallWriter(this.nextIndex(), { ...event, id }, this.context.request, frame), frame)
  }

  private writePart(event: Extract<StreamEvent, { type: 'part' }>, frame: WriteFrame): void {
    const raw = rawAnswerBlock(event.part, this.report)
    if (raw === undefined) return
    this.startBlock(frame)
    writeWholeBlock(this.nextIndex(), raw, frame)
  }

  private noteRefusal(): void {
    if (!this.heldRefusal) this.report.rewritten('part.refusal', undefined, 'a refusal is shown as text')
    this.heldRefusal = true
  }

  /** Another block follows. */
  private startBlock(frame: WriteFrame): void {
    this.start(undefined, frame)
    this.heldState?.close(frame)
    this.heldState = undefined
  }

  private closeOpen(frame: WriteFrame): void {
    const { writer } = this
    if (this.hasText && writer instanceof ReasoningWriter && writer.isBareSignature) this.heldState = writer
    else writer?.close(frame)
    this.writer = undefined
    this.openBlock = NONE
  }

  /** Lets waiting blocks follow until one of them is still open; at the end of the answer none may be. */
  private drain(frame: WriteFrame, isLast: boolean): void {
    for (const [block, events] of this.waiting) {
      this.waiting.delete(block)
      for (const event of events) this.apply(event, frame)
      if (isLast) this.closeOpen(frame)
      if (this.openBlock !== NONE) return
    }
  }

  private keepMetadata(event: Extract<StreamEvent, { type: 'metadata' }>): void {
    if (event.format !== 'anthropic') return
    if (this.started) this.deltaFields = { ...this.deltaFields, ...event.fields }
    else this.startFields = { ...this.startFields, ...event.fields }
  }

  /** Frames newer than the canonical form are handed on, except those that number blocks: the numbers may differ. */
  private writeOpaque(event: Extract<StreamEvent, { type: 'opaque' }>, frame: WriteFrame): void {
    if (event.format !== 'anthropic' || event.event === undefined || !isObject(event.data) || 'index' in event.data) return
    frame(event.event, JSON.stringify(event.data))
  }
}
