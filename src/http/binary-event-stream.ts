import type { AnswerStream } from '../engine/engine.ts'
import type { SseFrame } from '../lib/sse-parser.ts'
import { ReframedStream } from './reframed-stream.ts'

/** An event as a binary message; undefined for one that says nothing. */
export type MessageOf = (frame: SseFrame) => Buffer | undefined

/** A stream of events as binary messages, one for each: what clients of Bedrock's runtime read. */
export class BinaryEventStream extends ReframedStream {
  readonly ping: Uint8Array
  /** Endless where the format has no message that says nothing: such a stream stays silent. */
  readonly pingMs: number
  private readonly messageOf: MessageOf
  private output: Buffer[] = []

  constructor(events: AnswerStream, messageOf: MessageOf) {
    super(events)
    this.messageOf = messageOf
    this.read(events.ping)
    this.ping = this.written() ?? Buffer.alloc(0)
    this.pingMs = this.ping.length === 0 ? Number.POSITIVE_INFINITY : events.pingMs
  }

  protected write(frame: SseFrame): void {
    const message = this.messageOf(frame)
    if (message !== undefined) this.output.push(message)
  }

  protected finish(): void {
    // A message is whole by itself; the end of the stream needs none.
  }

  protected written(): Uint8Array | undefined {
    const { output } = this
    if (output.length === 0) return undefined
    this.output = []
    return output.length === 1 ? output[0] : Buffer.concat(output)
  }
}
