import type { StreamDecoder, StreamEncoder } from '../codecs/codec.ts'
import { isSemantic, type StreamEvent } from '../ir/stream-event.ts'
import { SseParser, type SseFrame } from '../lib/sse-parser.ts'
import { AnswerSize } from './answer-size.ts'
import { StreamFacts, type StreamTransform } from './stream-facts.ts'
import { sseText } from '../lib/sse-text.ts'

const encoder = new TextEncoder()

/** Upstream frames → canonical events → frames of the client's format; one pass for each network chunk. */
export class TranslatingTransform implements StreamTransform {
  private readonly size = new AnswerSize()
  readonly facts = new StreamFacts(this.size)
  private readonly parser = new SseParser()
  private readonly decoder: StreamDecoder
  private readonly encoder: StreamEncoder
  private output = ''
  private closed = false

  constructor(streamDecoder: StreamDecoder, streamEncoder: StreamEncoder) {
    this.decoder = streamDecoder
    this.encoder = streamEncoder
  }

  get heldBytes(): number {
    return this.output.length
  }

  push(chunk: Uint8Array): void {
    if (!this.closed) this.parser.push(chunk, this.onFrame)
  }

  end(): void {
    if (this.closed) return
    this.parser.end(this.onFrame)
    this.decoder.end(this.onEvent)
    this.close()
  }

  fail(message: string): void {
    this.onEvent({ type: 'error', error: { message } })
  }

  take(): Uint8Array | undefined {
    if (this.output === '') return undefined
    const bytes = encoder.encode(this.output)
    this.output = ''
    return bytes
  }

  private readonly onFrame = (frame: SseFrame): void => {
    if (!this.closed) this.decoder.push(frame, this.onEvent)
  }

  private readonly onEvent = (event: StreamEvent): void => {
    if (this.closed) return
    this.observe(event)
    this.encoder.write(event, this.onClientFrame)
    if (event.type === 'error') this.closed = true
  }

  private readonly onClientFrame = (event: string | undefined, data: string): void => {
    this.output += sseText(event, data)
  }

  private close(): void {
    if (this.closed) return
    this.closed = true
    this.encoder.end(this.onClientFrame)
  }

  private observe(event: StreamEvent): void {
    const { facts } = this
    if (!facts.semantic && isSemantic(event)) facts.semantic = true
    this.size.addEvent(event)
    switch (event.type) {
      case 'response-start':
        facts.id ??= event.id
        if (event.model !== undefined) facts.model = event.model
        if (event.usage !== undefined) facts.told(event.usage)
        return
      case 'usage':
        facts.told(event.usage)
        return
      case 'finish':
        if (event.choice === 0) facts.finish = event.reason
        return
      case 'error':
        facts.failure = event.error
        return
      case 'end':
        facts.ended = true
        return
      default:
        return
    }
  }
}
