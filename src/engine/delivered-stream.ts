import type { GatewayError } from '../errors/gateway-error.ts'
import type { AnswerStream } from './engine.ts'
import type { StreamFacts } from './stream-facts.ts'
import type { UpstreamStream } from './upstream-stream.ts'

export interface DeliveredStreamOptions {
  readonly stream: UpstreamStream
  readonly ping: string
  readonly pingMs: number
  readonly cancel: () => void
  readonly ended: (error: GatewayError | undefined, facts: StreamFacts) => void
}

const encoder = new TextEncoder()
const encodedPings = new Map<string, Uint8Array>()

/** The bytes of a format's keep-alive frame; there are only as many as formats. */
export function pingBytes(ping: string): Uint8Array {
  let bytes = encodedPings.get(ping)
  if (bytes === undefined) encodedPings.set(ping, (bytes = encoder.encode(ping)))
  return bytes
}

/** A stream that has begun, as the client pulls it. */
export class DeliveredStream implements AnswerStream {
  readonly ping: Uint8Array
  readonly pingMs: number
  readonly cancel: () => void
  private readonly stream: UpstreamStream

  constructor(options: DeliveredStreamOptions) {
    this.stream = options.stream
    this.ping = pingBytes(options.ping)
    this.pingMs = options.pingMs
    this.cancel = options.cancel
    this.stream.ended = options.ended
  }

  get isCut(): boolean {
    return this.stream.transform.isCut === true
  }

  next(): Promise<Uint8Array | undefined> {
    return this.stream.next()
  }

  take(): Uint8Array | undefined {
    return this.stream.take()
  }
}
