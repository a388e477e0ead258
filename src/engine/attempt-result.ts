import type { GatewayError } from '../errors/gateway-error.ts'
import type { StreamFacts } from './stream-facts.ts'
import type { UpstreamStream } from './upstream-stream.ts'

export type ClientHeaders = readonly (readonly [string, string])[]

interface Answered {
  readonly facts: StreamFacts
  readonly headers: ClientHeaders
  /** For the client; undefined means 200. */
  readonly status?: number | undefined
}

/** An answer of an upstream, and those of its headers that the client may see. */
export interface UpstreamAnswer {
  readonly response: Response
  readonly headers: ClientHeaders
}

/** What came of an attempt: an answer in one piece, one that has begun, or a failure and what follows it. */
export type AttemptResult =
  | (Answered & { readonly kind: 'whole'; readonly body: Uint8Array | string })
  | (Answered & { readonly kind: 'stream'; readonly stream: UpstreamStream })
  | { readonly kind: 'failed'; readonly error: GatewayError; readonly next: 'retry' | 'next-account' | 'next-target' | 'stop' }
