import type { FinishReason } from '../../ir/finish.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'
import type { Emit, StreamFailure } from '../../ir/stream-event.ts'
import type { SseFrame } from '../../lib/sse-parser.ts'
import type { StreamDecoder } from '../codec.ts'
import { blockOfDelta, blockOfStart, type BlockDecoder } from './block-streams.ts'
import { decodeFailure } from './error.ts'
import { decodeFinish } from './finish.ts'
import { decodeUsage } from './usage.ts'

/**
 * Frames of `ConverseStream` → canonical events. A frame is named by its kind and holds its JSON. The reason why the model stopped ends the
 * answer; what it used is told behind it, or before, so the stream is over when the connection is.
 */
export class ConverseStreamDecoder implements StreamDecoder {
  private readonly blocks: Map<number, BlockDecoder>
  private nextBlock: number
  private started: boolean
  private finish: FinishReason | undefined
  private done: boolean

  constructor() {
    this.blocks = new Map()
    this.nextBlock = 0
    this.started = false
    this.finish = undefined
    this.done = false
  }

  push(frame: SseFrame, emit: Emit): void {
    if (this.done || frame.data === '') return
    let data: unknown
    try {
      data = JSON.parse(frame.data)
    } catch {
      this.fail({ message: 'the upstream sent a frame that is no JSON' }, emit)
      return
    }
    if (!isObject(data)) {
      this.fail({ message: 'the upstream sent a frame that is no object' }, emit)
      return
    }
    const failure = decodeFailure(frame.event, data)
    if (failure !== undefined) this.fail(failure, emit)
    else this.dispatch(frame.event, data, emit)
  }

  end(emit: Emit): void {
    if (this.done) return
    if (this.finish === undefined) {
      this.fail({ message: 'the upstream closed the stream before its end' }, emit)
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
        this.stop(data['contentBlockIndex'], emit)
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
    if (typeof index !== 'number' || !isObject(start)) {
      this.fail({ message: 'the upstream started a content block without saying which' }, emit)
      return
    }
    this.start(emit)
    this.stop(index, emit)
    this.blocks.set(index, blockOfStart(this.nextBlock++, start, emit))
  }

  private delta(data: JsonObject, emit: Emit): void {
    const { contentBlockIndex: index, delta } = data
    if (typeof index !== 'number' || !isObject(delta)) {
      this.fail({ message: 'the upstream sent content without saying to which block it belongs' }, emit)
      return
    }
    let block = this.blocks.get(index)
    if (block === undefined) {
      this.start(emit)
      block = blockOfDelta(this.nextBlock++, delta, emit)
      this.blocks.set(index, block)
    }
    block.delta(delta, emit)
  }

  private stop(index: unknown, emit: Emit): void {
    if (typeof index !== 'number') return
    const block = this.blocks.get(index)
    if (block === undefined) return
    this.blocks.delete(index)
    block.stop(emit)
  }

  private messageStop(data: JsonObject, emit: Emit): void {
    this.start(emit)
    for (const block of this.blocks.values()) block.stop(emit)
    this.blocks.clear()
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
