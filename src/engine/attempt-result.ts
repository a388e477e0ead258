import type { GatewayError } from '../errors/gateway-error.ts'
import type { StreamFacts } from './stream-facts.ts'
import type { UpstreamStream } from './upstream-stream.ts'

type ClientHeaders = readonly (readonly [string, string])[]

/** What came of an attempt: an answer in one piece, one that has begun, or a failure and what follows it. */
export type AttemptResult =
  | { readonly kind: 'whole'; readonly body: Uint8Array | string; readonly facts: StreamFacts; readonly headers: ClientHeaders }
  | { readonly kind: 'stream'; readonly stream: UpstreamStream; readonly facts: StreamFacts; readonly headers: ClientHeaders }
  | { readonly kind: 'failed'; readonly error: GatewayError; readonly next: 'retry' | 'next-account' | 'next-target' | 'stop' }
