import { isObject, type JsonObject } from '../../ir/json.ts'
import type { Emit, StreamFailure } from '../../ir/stream-event.ts'
import type { SseFrame } from '../../lib/sse-parser.ts'
import type { StreamDecoder } from '../codec.ts'
import { OpenBlocks } from '../open-blocks.ts'
import { CUT_OFF, NO_JSON, NO_OBJECT, parseFrame, UNNAMED_BLOCK, UNPLACED_CONTENT } from '../upstream-frames.ts'
import { openBlock, textBlockFor } from './block-decoders.ts'
import { decodeFailure } from './error.ts'
import { decodeFinish } from './finish.ts'
import { unmodelled } from './response-decoder.ts'
import { decodeUsage, mergeWireUsage } from './usage.ts'

const MESSAGE_FIELDS: ReadonlySet<string> = new Set([
  'id',
  'type',
  'role',
  'model',
  'content',
  'stop_reason',
  'stop_sequence',
  'stop_details',
  'usage',
])
const DELTA_FIELDS: ReadonlySet<string> = new Set(['stop_reason', 'stop_sequence', 'stop_details'])
const DELTA_FRAME_FIELDS: ReadonlySet<string> = new Set(['type', 'delta', 'usage'])

/** Frames of a messages stream → canonical events. Tolerates servers that leave out starts, stops or event names. */
export class AnthropicStreamDecoder implements StreamDecoder {
  private readonly blocks: OpenBlocks
  private usage: JsonObject | undefined
  /** The message in `message_start` or a delta, whichever told why the model stopped. */
  private finishEmitted: boolean
  private pendingFinish: JsonObject | undefined
  private done: boolean

  constructor() {
    this.blocks = new OpenBlocks()
    this.usage = undefined
    this.finishEmitted = false
    this.pendingFinish = undefined
    this.done = false
  }

  push(frame: SseFrame, emit: Emit): void {
    if (this.done || frame.data === '' || frame.data === '[DONE]') return
    const data = parseFrame(frame.data)
    if (!isObject(data)) {
      this.fail(data === undefined ? NO_JSON : NO_OBJECT, emit)
      return
    }
    const failure = decodeFailure(data)
    if (failure !== undefined) this.fail(failure, emit)
    else this.dispatch(data['type'] ?? frame.event, data, emit)
  }

  end(emit: Emit): void {
    if (this.done) return
    this.fail(CUT_OFF, emit)
  }

  private dispatch(type: unknown, data: JsonObject, emit: Emit): void {
    switch (type) {
      case 'content_block_delta':
        this.blockDelta(data, emit)
        return
      case 'content_block_start':
        this.blockStart(data, emit)
        return
      case 'content_block_stop':
        this.blocks.stop(data['index'], emit)
        return
      case 'message_start':
        this.messageStart(data['message'], emit)
        return
      case 'message_delta':
        this.messageDelta(data, emit)
        return
      case 'message_stop':
        this.messageStop(emit)
        return
      case 'ping':
        emit({ type: 'ping' })
        return
      default:
        emit({ type: 'opaque', format: 'anthropic', ...(typeof type === 'string' ? { event: type } : {}), data })
    }
  }

  private messageStart(message: unknown, emit: Emit): void {
    if (!isObject(message)) return
    const fields = unmodelled(message, MESSAGE_FIELDS)
    // Before the start, so that an encoder of the same format can put them where they stood.
    if (fields !== undefined) emit({ type: 'metadata', format: 'anthropic', fields })
    this.usage = mergeWireUsage(this.usage, message['usage'])
    const usage = decodeUsage(this.usage)
    emit({
      type: 'response-start',
      ...(typeof message['id'] === 'string' ? { id: message['id'] } : {}),
      ...(typeof message['model'] === 'string' ? { model: message['model'] } : {}),
      ...(usage === undefined ? {} : { usage }),
    })
    // Programmatic tool calls come whole inside the start, without any block events.
    if (Array.isArray(message['content'])) for (const block of message['content']) this.wholeBlock(block, emit)
    if (typeof message['stop_reason'] === 'string') this.pendingFinish = message
  }

  private wholeBlock(block: unknown, emit: Emit): void {
    if (!isObject(block)) return
    openBlock(this.blocks.nextNumber(), block, emit).stop(emit)
  }

  private blockStart(data: JsonObject, emit: Emit): void {
    const { index, content_block: block } = data
    if (typeof index !== 'number' || !isObject(block)) {
      this.fail(UNNAMED_BLOCK, emit)
      return
    }
    this.blocks.stop(index, emit)
    this.blocks.set(index, openBlock(this.blocks.nextNumber(), block, emit))
  }

  private blockDelta(data: JsonObject, emit: Emit): void {
    const { index, delta } = data
    if (typeof index !== 'number' || !isObject(delta)) {
      this.fail(UNPLACED_CONTENT, emit)
      return
    }
    let block = this.blocks.at(index)
    if (block === undefined) {
      // Some servers never start their text blocks.
      const start = textBlockFor(delta['type'])
      if (start === undefined) return
      block = this.blocks.set(index, openBlock(this.blocks.nextNumber(), start, emit))
    }
    block.delta(delta, emit)
  }

  private messageDelta(data: JsonObject, emit: Emit): void {
    const delta = isObject(data['delta']) ? data['delta'] : {}
    const fields = { ...unmodelled(delta, DELTA_FIELDS), ...unmodelled(data, DELTA_FRAME_FIELDS) }
    if (Object.keys(fields).length > 0) emit({ type: 'metadata', format: 'anthropic', fields })
    if (isObject(data['usage'])) {
      this.usage = mergeWireUsage(this.usage, data['usage'])
      const usage = decodeUsage(this.usage)
      if (usage !== undefined) emit({ type: 'usage', usage })
    }
    if (typeof delta['stop_reason'] !== 'string') return
    this.blocks.stopAll(emit)
    this.finish(delta, emit)
  }

  private messageStop(emit: Emit): void {
    this.blocks.stopAll(emit)
    if (this.pendingFinish !== undefined) this.finish(this.pendingFinish, emit)
    this.done = true
    emit({ type: 'end' })
  }

  private finish(holder: JsonObject, emit: Emit): void {
    if (this.finishEmitted) return
    this.finishEmitted = true
    emit({
      type: 'finish',
      choice: 0,
      reason: decodeFinish(String(holder['stop_reason']), holder['stop_sequence'], holder['stop_details']),
    })
  }

  private fail(error: StreamFailure, emit: Emit): void {
    this.done = true
    emit({ type: 'error', error })
  }
}
