import type { GatewayError } from '../errors/gateway-error.ts'
import type { FinishReason } from '../ir/finish.ts'
import type { StreamFailure } from '../ir/stream-event.ts'
import { mergeUsage, type Usage } from '../ir/usage.ts'
import type { AnswerSize } from './answer-size.ts'

/** What has been learnt from a stream so far; filled by the transform that reads it. One shape for its whole life. */
export class StreamFacts {
  /** An event that ends fallback was seen. */
  semantic = false
  /** The format's own end was seen. */
  ended = false
  usage: Usage | undefined = undefined
  /** Parts of the usage are the gateway's own estimate. */
  isEstimated = false
  /** How much has gone by; undefined for an answer that came in one piece. */
  readonly size: AnswerSize | undefined
  finish: FinishReason | undefined = undefined
  /** Id the upstream gave the answer. */
  id: string | undefined = undefined
  /** Model name the upstream reported. */
  model: string | undefined = undefined
  failure: StreamFailure | undefined = undefined

  constructor(size?: AnswerSize) {
    this.size = size
  }

  /** Takes in what the upstream tells it has used so far. */
  told(usage: Usage): void {
    this.usage = mergeUsage(this.usage, usage)
    if (usage.outputTokens !== undefined) this.size?.told()
  }
}

/**
 * Turns upstream chunks into client bytes, synchronously. `take` gives what is ready, always whole frames, and forgets it.
 */
export interface StreamTransform {
  readonly facts: StreamFacts
  /** Bytes held in memory. */
  readonly heldBytes: number
  /** The gateway's own reason why the client does not get the end of the answer. */
  readonly refusal?: GatewayError | undefined
  /** The stream broke, and its format has no words for that. */
  readonly isCut?: boolean
  push(chunk: Uint8Array): void
  /** The upstream closed cleanly. */
  end(): void
  /** The stream broke: tells the client in its own format. Nothing follows. */
  fail(message: string): void
  take(): Uint8Array | undefined
}
