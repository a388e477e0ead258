import type { StreamDecoder } from '../codecs/codec.ts'
import { ResponseCollector } from '../codecs/collect.ts'
import type { LlmResponse } from '../ir/response.ts'
import type { Usage } from '../ir/usage.ts'
import type { StreamEvent, StreamFailure } from '../ir/stream-event.ts'
import { SseParser, type SseFrame } from '../lib/sse-parser.ts'
import type { AnswerSize } from './answer-size.ts'

/** Folds an upstream stream into one answer, for clients that asked for no stream. */
export class StreamFolder {
  private readonly collector = new ResponseCollector()
  private readonly parser = new SseParser()
  private readonly decoder: StreamDecoder
  private readonly size: AnswerSize | undefined

  /** `size` is told of everything that goes by. */
  constructor(decoder: StreamDecoder, size: AnswerSize | undefined) {
    this.decoder = decoder
    this.size = size
  }

  get failure(): StreamFailure | undefined {
    return this.collector.failure
  }

  /** What was told of it so far. */
  get usage(): Usage | undefined {
    return this.collector.response.usage
  }

  /** What has come so far. */
  get answer(): LlmResponse {
    return this.collector.response
  }

  push(chunk: Uint8Array): void {
    this.parser.push(chunk, this.onFrame)
  }

  end(): LlmResponse {
    this.parser.end(this.onFrame)
    this.decoder.end(this.onEvent)
    return this.collector.finish()
  }

  private readonly onFrame = (frame: SseFrame): void => this.decoder.push(frame, this.onEvent)
  private readonly onEvent = (event: StreamEvent): void => {
    if (this.collector.failure !== undefined) return
    this.size?.addEvent(event)
    if ('usage' in event && event.usage?.outputTokens !== undefined) this.size?.told()
    this.collector.push(event)
  }
}
