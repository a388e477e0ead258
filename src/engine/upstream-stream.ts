import { GatewayError } from '../errors/gateway-error.ts'
import type { AttemptTimer } from './attempt-timer.ts'
import type { StreamFacts, StreamTransform } from './stream-facts.ts'

export interface UpstreamStreamOptions {
  /** Null where there is nothing to read, or it was read already. */
  readonly body: ReadableStream<Uint8Array> | null
  readonly transform: StreamTransform
  readonly timer: AttemptTimer
  /** Why the attempt was aborted, if it was. */
  readonly abortReason: () => GatewayError | undefined
}

/**
 * The pump: pulls one network chunk at a time from the upstream through the transform. One await per chunk, no queue; a client
 * that does not pull stops the upstream through its socket.
 */
export class UpstreamStream {
  readonly transform: StreamTransform
  private readonly reader: ReadableStreamDefaultReader<Uint8Array>
  private readonly timer: AttemptTimer
  private readonly abortReason: () => GatewayError | undefined
  private done = false
  /** A failure of the transport or a time limit; in-band failures are in `transform.facts`. */
  error: GatewayError | undefined = undefined
  /** Told when everything was handed over. */
  ended: ((error: GatewayError | undefined, facts: StreamFacts) => void) | undefined = undefined

  constructor(options: UpstreamStreamOptions) {
    this.transform = options.transform
    this.reader = (options.body ?? new Blob().stream()).getReader()
    this.timer = options.timer
    this.abortReason = options.abortReason
  }

  /** Reads until the answer has begun, failed or ended, or `holdBytes` are held back. */
  async prime(holdBytes: number): Promise<void> {
    const { facts } = this.transform
    while (!this.done && !facts.semantic && facts.failure === undefined && this.transform.heldBytes <= holdBytes)
      await this.read()
    this.timer.began()
  }

  /** Bytes that are ready for the client. */
  take(): Uint8Array | undefined {
    const bytes = this.transform.take()
    if (bytes !== undefined) this.timer.pause()
    return bytes
  }

  /** The next bytes for the client, undefined at the end. Failures after the beginning have become bytes. */
  async next(): Promise<Uint8Array | undefined> {
    for (;;) {
      const bytes = this.take()
      if (bytes !== undefined) return bytes
      if (this.done) {
        this.ended?.(this.error ?? this.transform.refusal, this.transform.facts)
        return undefined
      }
      this.timer.touch()
      // Reading is written out here instead of called, because it happens for every chunk.
      try {
        this.received(await this.reader.read())
      } catch (error) {
        this.failed(error)
        if (this.error !== undefined && this.error.code !== 'client_closed_request') this.transform.fail(this.error.message)
      }
    }
  }

  private async read(): Promise<void> {
    try {
      this.received(await this.reader.read())
    } catch (error) {
      this.failed(error)
    }
  }

  private received({ value, done }: { readonly value?: Uint8Array | undefined; readonly done: boolean }): void {
    if (done || value === undefined) {
      this.done = true
      this.transform.end()
      return
    }
    this.transform.push(value)
    if (this.transform.facts.failure !== undefined) this.stop()
  }

  private failed(error: unknown): void {
    this.stop()
    const broken = 'The connection to the upstream broke in the middle of its answer.'
    this.error = this.abortReason() ?? new GatewayError('upstream_stream_interrupted', broken, { cause: error })
  }

  /** Lets the upstream go, also when it still has something to say. */
  stop(): void {
    this.done = true
    this.reader.cancel().catch(() => undefined) // the connection is given up either way
  }
}
