import type { AnswerStream } from '../engine/engine.ts'
import { SseParser, type SseFrame } from '../lib/sse-parser.ts'

/** A stream of events in another framing: whole events in, what they become out, a network chunk at a time. */
export abstract class ReframedStream implements AnswerStream {
  abstract readonly ping: Uint8Array
  abstract readonly pingMs: number
  protected readonly events: AnswerStream
  private readonly parser = new SseParser()
  private isClosed = false

  constructor(events: AnswerStream) {
    this.events = events
  }

  async next(): Promise<Uint8Array | undefined> {
    while (!this.isClosed) {
      const chunk = await this.events.next()
      if (chunk === undefined) this.close()
      else this.read(chunk)
      const bytes = this.written()
      if (bytes !== undefined) return bytes
    }
    return undefined
  }

  take(): Uint8Array | undefined {
    const chunk = this.events.take?.()
    if (chunk === undefined) return undefined
    this.read(chunk)
    return this.written()
  }

  cancel(): void {
    this.events.cancel()
  }

  protected read(chunk: Uint8Array): void {
    this.parser.push(chunk, this.onFrame)
  }

  /** Takes in an event that holds something. */
  protected abstract write(frame: SseFrame): void
  /** Nothing follows. */
  protected abstract finish(): void
  /** What was written since the last time, undefined when nothing was. */
  protected abstract written(): Uint8Array | undefined

  private readonly onFrame = (frame: SseFrame): void => {
    if (frame.data !== '') this.write(frame)
  }

  private close(): void {
    this.parser.end(this.onFrame)
    this.finish()
    this.isClosed = true
  }
}
