import type { AnswerStream } from '../engine/engine.ts'
import type { Clock } from '../lib/clock.ts'

/** Keep-alives are late by at most this. */
const TICK_MS = 1_000

export interface LiveStreamsOptions {
  readonly clock: Clock
}

/** How a stream ended for the client, and the bytes it got. */
export type StreamEnd = (outcome: 'complete' | 'cancelled', bytes: number) => void

/**
 * The answers that are being streamed. One coarse timer for all of them writes keep-alives where nothing was written for long; it runs
 * only while there is a stream.
 */
export class LiveStreams {
  private readonly clock: Clock
  private readonly streams = new Set<LiveStream>()
  private stopTicking: (() => void) | undefined = undefined

  constructor({ clock }: LiveStreamsOptions) {
    this.clock = clock
  }

  /**
   * The body of a response that delivers `answer`. Chunks are pulled one at a time, when the client has taken the one before. `signal`
   * aborts when the client goes away.
   */
  open(answer: AnswerStream, signal: AbortSignal, ended: StreamEnd): ReadableStream<Uint8Array> {
    const stream = new LiveStream(answer, signal, (outcome, bytes) => {
      this.streams.delete(stream)
      if (this.streams.size === 0) {
        this.stopTicking?.()
        this.stopTicking = undefined
      }
      ended(outcome, bytes)
    })
    this.streams.add(stream)
    this.stopTicking ??= this.clock.every(TICK_MS, () => this.tick())
    return new ReadableStream<Uint8Array>(stream, { highWaterMark: 0 })
  }

  get size(): number {
    return this.streams.size
  }

  private tick(): void {
    for (const stream of this.streams) stream.tick(TICK_MS)
  }
}

/** One answer on its way. Every chunk holds whole frames, so a keep-alive between two of them never cuts one. */
class LiveStream implements UnderlyingDefaultSource<Uint8Array> {
  private readonly answer: AnswerStream
  private readonly signal: AbortSignal
  private readonly ended: StreamEnd
  private controller: ReadableStreamDefaultController<Uint8Array> | undefined = undefined
  private silentMs = 0
  private bytes = 0
  private isPulling = false
  private isOver = false

  constructor(answer: AnswerStream, signal: AbortSignal, ended: StreamEnd) {
    this.answer = answer
    this.signal = signal
    this.ended = ended
  }

  /**
   * What the answer begins with is there already. A server that has it together with the headers sends both in one piece; Bun writes them in
   * eleven otherwise, which costs as much as a whole answer.
   */
  start(controller: ReadableStreamDefaultController<Uint8Array>): void {
    this.controller = controller
    const beginning = this.answer.take?.()
    if (beginning !== undefined) this.deliver(beginning, controller)
  }

  async pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    this.isPulling = true
    let chunk: Uint8Array | undefined
    try {
      chunk = await this.answer.next()
    } catch (error) {
      // It promises not to; a fault in it must still end the stream.
      this.cancel()
      throw error
    }
    this.isPulling = false
    if (this.isOver) return
    if (chunk === undefined) {
      this.isOver = true
      // Without a reason, which Bun would print: the record has it.
      if (this.answer.isCut === true) controller.error()
      else controller.close()
      this.ended('complete', this.bytes)
      return
    }
    this.deliver(chunk, controller)
  }

  private deliver(chunk: Uint8Array, controller: ReadableStreamDefaultController<Uint8Array>): void {
    this.silentMs = 0
    this.bytes += chunk.length
    controller.enqueue(chunk)
  }

  cancel(): void {
    if (this.isOver) return
    this.isOver = true
    this.answer.cancel()
    this.ended('cancelled', this.bytes)
  }

  /** Writes a keep-alive when the client waits, has taken everything, and nothing came for long. */
  tick(elapsedMs: number): void {
    // A server cancels the body when the client leaves, but not one that it never began to read.
    if (this.signal.aborted) {
      this.cancel()
      return
    }
    this.silentMs += elapsedMs
    if (this.silentMs < this.answer.pingMs || !this.isPulling || this.controller?.desiredSize !== 0) return
    this.silentMs = 0
    this.bytes += this.answer.ping.length
    this.controller.enqueue(this.answer.ping)
  }
}
