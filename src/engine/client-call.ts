import type { LlmRequest } from '../ir/request.ts'
import type { Call } from './engine.ts'

export interface ClientCallFacts extends Omit<Call, 'request' | 'model' | 'stream' | 'letGo'> {
  readonly request: LlmRequest
  /** Decodes the body once more; undefined where that is not worth it. */
  readonly decodeAgain: (() => LlmRequest) | undefined
}

/**
 * A call as it came in. Its decoded request is large, many objects, and of no use to anybody while an upstream works on it: let go for that
 * time, it is garbage at once instead of being carried through every collection, which for an agent's body cost more than decoding it.
 */
export class ClientCall implements Call {
  readonly requestId: Call['requestId']
  readonly receivedAt: number
  readonly codec: Call['codec']
  readonly model: string
  readonly stream: boolean
  readonly diagnostics: Call['diagnostics']
  readonly body: Call['body']
  readonly headers: Headers
  readonly principal: Call['principal']
  readonly hints: Call['hints']
  readonly endpoint: Call['endpoint']
  readonly signal: AbortSignal
  private readonly decodeAgain: ClientCallFacts['decodeAgain']
  private decoded: LlmRequest | undefined

  constructor(facts: ClientCallFacts) {
    this.requestId = facts.requestId
    this.receivedAt = facts.receivedAt
    this.codec = facts.codec
    this.model = facts.request.model
    this.stream = facts.request.stream
    this.diagnostics = facts.diagnostics
    this.body = facts.body
    this.headers = facts.headers
    this.principal = facts.principal
    this.hints = facts.hints
    this.endpoint = facts.endpoint
    this.signal = facts.signal
    this.decodeAgain = facts.decodeAgain
    this.decoded = facts.request
  }

  get request(): LlmRequest {
    return (this.decoded ??= this.decodeAgain!())
  }

  letGo(): void {
    if (this.decodeAgain !== undefined) this.decoded = undefined
  }
}
