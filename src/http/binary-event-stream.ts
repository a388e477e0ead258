import type { AnswerStream } from '../engine/engine.ts'
import { SseParser, type SseFrame } from '../lib/sse-parser.ts'

/** An event as a binary message; undefined for one that says nothing. */
export type MessageOf = (frame: SseFrame) => Buffer | undefined

/** A stream of events as binary messages, one for each: what clients of Bedrock's runtime read. */
export class BinaryEventStream implements AnswerStream {
  readonly ping: Uint8Array
  /** Endless where the format has no message that says nothing: such a stream stays silent. */
  readonly pingMs: number
  private readonly events: AnswerStream
  private readonly messageOf: MessageOf
  private readonly parser = new SseParser()
  private output: Buffer[] = []
  private isClosed = false

  constructor(events: AnswerStream, messageOf: MessageOf) {
    this.events = events
    this.messageOf = messageOf
    this.parser.push(events.ping, this.onFrame)
    this.ping = this.written() ?? Buffer.alloc(0)
    this.pingMs = this.ping.length === 0 ? Number.POSITIVE_INFINITY : events.pingMs
  }

  async next(): Promise<Uint8Array | undefined> {
    while (!this.isClosed) {
      const chunk = await this.events.next()
      if (chunk === undefined) this.close()
      else this.parser.push(chunk, this.onFrame)
      const bytes = this.written()
      if (bytes !== undefined) return bytes
    }
    return undefined
  }

  take(): Uint8Array | undefined {
    const chunk = this.events.take?.()
    if (chunk === undefined) return undefined
    this.parser.push(chunk, this.onFrame)
    return this.written()
  }

  cancel(): void {
    this.events.cancel()
  }

  private readonly onFrame = (frame: SseFrame): void => {
    const message = frame.data === '' ? undefined : this.messageOf(frame)
    if (message !== undefined) this.output.push(message)
  }

  private close(): void {
    this.parser.end(this.onFrame)
    this.isClosed = true
  }

  private written(): Uint8Array | undefined {
    const { output } = this
    if (output.length === 0) return undefined
    this.output = []
    return output.length === 1 ? output[0] : Buffer.concat(output)
  }
}
