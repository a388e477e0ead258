import type { FinishReason } from '../../ir/finish.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'
import type { Emit, StreamFailure } from '../../ir/stream-event.ts'
import type { SseFrame } from '../../lib/sse-parser.ts'
import type { StreamDecoder } from '../codec.ts'
import { OpenBlocks } from '../open-blocks.ts'
import { CUT_OFF, NO_JSON, NO_OBJECT, parseFrame, UNNAMED_BLOCK, UNPLACED_CONTENT } from '../upstream-frames.ts'
import { blockOfDelta, blockOfStart } from './block-streams.ts'
import { decodeFailure } from './error.ts'
import { decodeFinish } from './finish.ts'
import { decodeUsage } from './usage.ts'

/**
 * Frames of `ConverseStream` → canonical events. A frame is named by its kind and holds its JSON. The reason why the model stopped ends the
 * answer; what it used is told behind it, or before, so the stream is over when the connection is.
 */
export class ConverseStreamDecoder implements StreamDecoder {
  private readonly blocks: OpenBlocks
  private started: boolean
  private finish: FinishReason | undefined
  private done: boolean

  constructor() {
    this.blocks = new OpenBlocks()
    this.started = false
    this.finish = undefined
    this.done = false
  }

  push(frame: SseFrame, emit: Emit): void {
    if (this.done || frame.data === '') return
    const data = parseFrame(frame.data)
    if (!isObject(data)) {
      this.fail(data === undefined ? NO_JSON : NO_OBJECT, emit)
      return
    }
    const failure = decodeFailure(frame.event, data)
    if (failure !== undefined) this.fail(failure, emit)
    else this.dispatch(frame.event, data, emit)
  }

  end(emit: Emit): void {
    if (this.done) return
    if (this.finish === undefined) {
      this.fail(CUT_OFF, emit)
      return
    }
    this.done = true
    emit({ type: 'end' })
  }

  private dispatch(event: string | undefined, data: JsonObject, emit: Emit): void {
    switch (event) {
      case 'contentBlockDelta':
        this.delta(data, emit)
        return
      case 'contentBlockStart':
        this.blockStart(data, emit)
        return
      case 'contentBlockStop':
        this.blocks.stop(data['contentBlockIndex'], emit)
        return
      case 'messageStart':
        this.start(emit)
        return
      case 'messageStop':
        this.messageStop(data, emit)
        return
      case 'metadata':
        this.metadata(data, emit)
        return
      default:
        emit({ type: 'opaque', format: 'bedrock_converse', ...(event === undefined ? {} : { event }), data })
    }
  }

  private start(emit: Emit): void {
    if (this.started) return
    this.started = true
    emit({ type: 'response-start' })
  }

  private blockStart(data: JsonObject, emit: Emit): void {
    const { contentBlockIndex: index, start } = data
    if (typeof index !== 'number') {
      this.fail(UNNAMED_BLOCK, emit)
      return
    }
    this.start(emit)
    this.blocks.stop(index, emit)
    // A start that says nothing leaves it to the first delta what the block is.
    if (!isObject(start) || Object.keys(start).length === 0) return
    this.blocks.set(index, blockOfStart(this.blocks.nextNumber(), start, emit))
  }

  private delta(data: JsonObject, emit: Emit): void {
    const { contentBlockIndex: index, delta } = data
    if (typeof index !== 'number' || !isObject(delta)) {
      this.fail(UNPLACED_CONTENT, emit)
      return
    }
    let block = this.blocks.at(index)
    if (block === undefined) {
      this.start(emit)
      block = this.blocks.set(index, blockOfDelta(this.blocks.nextNumber(), delta, emit))
    }
    block.delta(delta, emit)
  }

  private messageStop(data: JsonObject, emit: Emit): void {
    this.start(emit)
    this.blocks.stopAll(emit)
    const { stopReason, additionalModelResponseFields: modelFields, ...rest } = data
    if (typeof stopReason !== 'string' || this.finish !== undefined) return
    this.finish = decodeFinish(stopReason, modelFields)
    const fields = isObject(modelFields) ? { ...rest, additionalModelResponseFields: modelFields } : rest
    tell(fields, emit)
    emit({ type: 'finish', choice: 0, reason: this.finish })
  }

  private metadata({ usage, ...rest }: JsonObject, emit: Emit): void {
    tell(rest, emit)
    const used = decodeUsage(usage)
    if (used !== undefined) emit({ type: 'usage', usage: used })
  }

  private fail(error: StreamFailure, emit: Emit): void {
    this.done = true
    emit({ type: 'error', error })
  }
}

/** The random filler of frames (`p`) says nothing. */
function tell({ p: _filler, ...fields }: JsonObject, emit: Emit): void {
  if (Object.keys(fields).length > 0) emit({ type: 'metadata', format: 'bedrock_converse', fields })
}
