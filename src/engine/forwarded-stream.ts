import type { AnswerStream } from './engine.ts'

/** A stream that goes on as it comes, with somebody told of what passes and of its end. */
export abstract class ForwardedStream implements AnswerStream {
  readonly ping: Uint8Array
  readonly pingMs: number
  private readonly stream: AnswerStream

  constructor(stream: AnswerStream) {
    this.ping = stream.ping
    this.pingMs = stream.pingMs
    this.stream = stream
  }

  take(): Uint8Array | undefined {
    const chunk = this.stream.take?.()
    if (chunk !== undefined) this.passed?.(chunk)
    return chunk
  }

  async next(): Promise<Uint8Array | undefined> {
    const chunk = await this.stream.next()
    if (chunk === undefined) await this.ended()
    else this.passed?.(chunk)
    return chunk
  }

  get isCut(): boolean {
    return this.stream.isCut === true
  }

  cancel(): void {
    this.stream.cancel()
    this.cancelled?.()
  }

  protected passed?(chunk: Uint8Array): void
  /** Everything was handed over; the end waits for it. */
  protected abstract ended(): void | Promise<void>
  /** The client went away. */
  protected cancelled?(): void
}
