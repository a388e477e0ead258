import type { Offer } from './endpoint.ts'
import type { Feature } from './feature.ts'
import type { RequestHints } from './hints.ts'
import type { AccountId, ProviderId, TargetId } from './ids.ts'
import type { Principal } from './principal.ts'
import type { WireFormat } from './wire-format.ts'

/** What a decision is made from, besides the snapshot and what was observed. */
export interface DecisionQuestion {
  readonly model: string
  readonly clientFormat: WireFormat
  readonly stream: boolean
  readonly estimatedInputTokens: number
  readonly maxOutputTokens: number | undefined
  /** Features the request uses; asked for only when a filter needs them. */
  readonly features: () => ReadonlySet<Feature>
  /** Those of `features` whose loss changes nothing about the answer. */
  readonly housekeeping?: (() => ReadonlySet<Feature>) | undefined
  /** The client wants several tool calls in one turn. */
  readonly parallelTools?: boolean | undefined
  readonly hints?: RequestHints | undefined
  readonly principal?: Principal | undefined
  /** Family of the client by its user agent, such as `claude-code`. */
  readonly client?: string | undefined
  /** Value of a request header, for conditions of routes; never recorded. */
  readonly header?: ((name: string) => string | undefined) | undefined
  /** Value of an entry of the request's metadata, for conditions of routes; never recorded. */
  readonly metadata?: ((name: string) => string | undefined) | undefined
  readonly session?: SessionPin | undefined
  /** Undefined when the request carries its whole conversation. */
  readonly origin?: AnswerOrigin | undefined
  /** Undefined for calls that generate an answer or count its tokens. */
  readonly endpoint?: EndpointNeed | undefined
}

/** What a call of another endpoint asks of its target. */
export interface EndpointNeed {
  /** What the target's provider has to offer. */
  readonly offers: readonly Offer[]
  /** The call is for this provider, whatever routes say. */
  readonly provider?: ProviderId | undefined
}

/** Who served the session's previous turn; the provider's prompt cache is there. */
export interface SessionPin {
  readonly target: TargetId
  readonly account?: AccountId | undefined
  /** Tokens of the conversation that are in its prompt cache, as far as its last answer told. */
  readonly cachedTokens?: number | undefined
}

/** Who gave the answer that a request continues by its id: the turns before it are kept there, for that account alone. */
export type AnswerOrigin = KnownOrigin | { readonly kind: 'unknown' }

export interface KnownOrigin {
  readonly kind: 'known'
  readonly target: TargetId
  readonly account: AccountId
}
