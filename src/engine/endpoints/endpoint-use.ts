import type { Codec } from '../../codecs/codec.ts'
import type { GatewayError } from '../../errors/gateway-error.ts'
import type { Diagnostic } from '../../ir/diagnostic.ts'
import type { Endpoint } from '../../ir/endpoint.ts'
import type { EndpointNeed } from '../../ir/question.ts'
import type { Route } from '../../ir/snapshot.ts'
import type { Target } from '../../ir/target.ts'
import type { AccountSettings } from '../../providers/provider.settings.schema.ts'
import type { Provider } from '../../providers/provider.types.ts'
import type { ClientHeaders } from '../attempt-result.ts'
import type { StreamedBody, UnsentRequest } from '../../transport/transport.ts'
import type { StreamFacts, StreamTransform } from '../stream-facts.ts'

/** Where an attempt goes, as an endpoint needs to know it. */
export interface EndpointPlace {
  readonly provider: Provider
  readonly target: Target
  readonly account: AccountSettings
  readonly route: Route
}

/** A request ready to be sent. */
export interface PreparedEndpoint {
  readonly request: UnsentRequest
  /** Codes why the bytes could not go through as they were; empty for pass-through. */
  readonly refusals?: readonly string[] | undefined
  readonly diagnostics?: readonly Diagnostic[] | undefined
  /** The other requests of an attempt that takes several: sent when the first has been answered, a few at a time. */
  readonly further?: readonly UnsentRequest[] | undefined
  /** Take out the usage chunk that only the gateway asked for. */
  readonly dropUsageChunk?: boolean | undefined
}

export interface WholeReading {
  readonly body: string
  readonly facts: StreamFacts
  /** Ids of files and batches that the answer names: from now on they are the caller's. */
  readonly objects?: readonly string[] | undefined
  /** Headers of the gateway's own. */
  readonly headers?: ClientHeaders | undefined
}

/** A body that is sent as it comes, and only once. */
export interface PassingBody extends StreamedBody {
  /** How much of it has come. */
  readonly bytes: number
  /** Why the client's side of it broke off. */
  readonly failure: GatewayError | undefined
  /** Told of every piece. */
  progress: (() => void) | undefined
}

/** Of all of an answer, before the client gets any. */
export interface WholeAnswerReading {
  readonly kind: 'whole'
  read(text: string): WholeReading
}

/** Of the answers to the several requests of an attempt. */
export interface JoinedReading {
  readonly kind: 'joined'
  /** Filled as answers come, so that what was used until another fails is known. */
  readonly facts: StreamFacts
  /** An answer, by the number of its request. */
  take(index: number, text: string, headers: Headers): void
  /** Every answer was taken. */
  join(): WholeReading
}

/** How an answer is read. */
export type EndpointReading =
  /** As an answer of the call's codec that passes through. */
  | { readonly kind: 'as-generated' }
  | WholeAnswerReading
  | JoinedReading
  /** On its way to the client. */
  | { readonly kind: 'stream'; readonly transform: StreamTransform }

/** What a call of another endpoint does differently from one that generates an answer. One for each call. */
export interface EndpointUse {
  readonly operation: Endpoint
  readonly need: EndpointNeed
  /** Id of the file or batch that the call is about: only the account that keeps it may serve. */
  readonly object?: string | undefined
  /** Reads and shows answers in place of the provider's own. */
  readonly codec?: Codec | undefined
  /** Whether answers tell what was used. */
  readonly isMetered: boolean
  /** A second attempt could do something twice. Default false. */
  readonly happensOnce?: boolean | undefined
  /** The body, where it is sent as it comes. */
  readonly passing?: PassingBody | undefined
  /** Whatever was sent of it is gone. Default false. */
  readonly isSpent?: boolean | undefined
  /** The call names no model: the answer may tell which it was. Default false. */
  readonly namesNoModel?: boolean | undefined
  prepare(place: EndpointPlace): PreparedEndpoint
  /** `owns` tells whether a file or batch is the caller's. */
  reading(place: EndpointPlace, response: Response, owns: (object: string) => boolean): EndpointReading
}
