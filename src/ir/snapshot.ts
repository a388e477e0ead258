import type { ProviderId } from './ids.ts'
import type { AccountRef, Target } from './target.ts'
import type { WireFormat } from './wire-format.ts'

/** `allow` says nothing, `warn` reports in headers and record, `strict` refuses a target that would lose something. */
export type TranslationPolicy = 'allow' | 'warn' | 'strict'

/** All in milliseconds; undefined means no limit. */
export interface Timeouts {
  readonly connectMs: number
  readonly firstTokenMs: number
  /** Longest silence between two network chunks. */
  readonly idleMs: number
  readonly totalMs?: number | undefined
}

/** How streams are held back and kept alive. */
export interface StreamSettings {
  /** After this long without a semantic event the client gets its 200 and a comment, in ms. */
  readonly commitAfterMs: number
  /** A keep-alive frame goes out after this long without any other, in ms. */
  readonly pingMs: number
  /** Most bytes of an answer held back before its first semantic event. */
  readonly holdBytes: number
}

/** Static requirements a route puts on its targets. */
export interface RouteRequirements {
  readonly minContextTokens?: number | undefined
}

export interface Route {
  readonly name: string
  readonly targets: readonly Target[]
  readonly timeouts: Timeouts
  readonly maxRetries: number
  readonly translation: TranslationPolicy
  /** Which model name the client is told: the one it asked for, or the one that served. */
  readonly responseModel: 'requested' | 'served'
  readonly requirements?: RouteRequirements | undefined
}

/** What routing knows of a provider. */
export interface ProviderFacts {
  readonly id: ProviderId
  readonly type: string
  readonly format: WireFormat
  readonly accounts: readonly AccountRef[]
  /** Whether the upstream is the format's own vendor (decides on vendor-only fields). */
  readonly firstParty: boolean
  /** Declared by the operator; undefined fields are unknown. */
  readonly capabilities: Capabilities
}

/** What a target can do; undefined is unknown. */
export interface Capabilities {
  readonly streaming?: boolean | undefined
  readonly toolCalling?: boolean | undefined
  readonly parallelToolCalls?: boolean | undefined
  readonly jsonSchema?: boolean | undefined
  readonly visionIn?: boolean | undefined
  readonly audioIn?: boolean | undefined
  readonly fileIn?: boolean | undefined
  readonly maxContextTokens?: number | undefined
  readonly maxOutputTokens?: number | undefined
}

/** Everything a routing decision depends on, compiled from the configuration and immutable. One request pins one snapshot. */
export interface RoutingSnapshot {
  /** Counts up with every applied configuration, starting at 1. */
  readonly revision: number
  /** `sha256:` of the effective configuration without secrets. */
  readonly configHash: string
  /** Routes by exact model name (route matches, aliases). */
  readonly routes: ReadonlyMap<string, Route>
  /** The `*` route. */
  readonly wildcard: Route | undefined
  readonly providers: ReadonlyMap<ProviderId, ProviderFacts>
  /** Providers that take model names beginning so, asked after the `*` route and before the default provider; first match wins. */
  readonly vendorPrefixes?: readonly { readonly prefix: string; readonly provider: ProviderId }[] | undefined
  /** Provider that takes models nobody else knows. */
  readonly defaultProvider: ProviderId | undefined
  /** Settings of calls that name `provider/model` directly, and the base the routes inherit from. */
  readonly defaults: Omit<Route, 'name' | 'targets'>
  /** Ids that `GET /v1/models` lists, in order. */
  readonly modelIds: readonly string[]
}
