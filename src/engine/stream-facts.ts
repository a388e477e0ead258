import type { FinishReason } from '../ir/finish.ts'
import type { StreamFailure } from '../ir/stream-event.ts'
import type { Usage } from '../ir/usage.ts'

/** What has been learnt from a stream so far; filled by the transform that reads it. One shape for its whole life. */
export class StreamFacts {
  /** An event that ends fallback was seen. */
  semantic = false
  /** The format's own end was seen. */
  ended = false
  usage: Usage | undefined = undefined
  finish: FinishReason | undefined = undefined
  /** Id the upstream gave the answer. */
  id: string | undefined = undefined
  /** Model name the upstream reported. */
  model: string | undefined = undefined
  failure: StreamFailure | undefined = undefined
}

/**
 * Turns upstream chunks into client bytes, synchronously. `take` gives what is ready, always whole frames, and forgets it.
 */
export interface StreamTransform {
  readonly facts: StreamFacts
  /** Bytes held in memory. */
  readonly heldBytes: number
  /** The stream broke, and its format has no words for that. */
  readonly isCut?: boolean
  push(chunk: Uint8Array): void
  /** The upstream closed cleanly. */
  end(): void
  /** The stream broke: tells the client in its own format. Nothing follows. */
  fail(message: string): void
  take(): Uint8Array | undefined
}
