import type { Offer } from './endpoint.ts'
import type { ProviderId } from './ids.ts'
import type { DecisionQuestion } from './question.ts'
import type { RequestNeed } from './need.ts'
import type { ModelPrice, TokenRates } from './price.ts'
import type { ResilienceSettings, RouteResilience } from './resilience.ts'
import type { ScoreWeights, SelectionPolicy } from './routing-policy.ts'
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

/** Static requirements a route puts on its targets, on top of what a request needs by itself. */
export interface RouteRequirements {
  readonly minContextTokens?: number | undefined
  readonly needs?: readonly RequestNeed[] | undefined
  /** Formats of which a target must speak one, for hosted tools. */
  readonly formats?: readonly WireFormat[] | undefined
  /** Only targets whose certification is known. */
  readonly certified?: boolean | undefined
}

/** Whether answers are compared with the JSON Schemas that the client sent. */
export interface AnswerSchemaPolicy {
  /** Only where the translation left a constraint to nobody, or always. */
  readonly when: 'downleveled' | 'always'
  /** The client does not get an answer that does not keep to them. */
  readonly isStrict: boolean
}

export interface Route {
  readonly name: string
  readonly targets: readonly Target[]
  readonly timeouts: Timeouts
  readonly maxRetries: number
  readonly translation: TranslationPolicy
  /** A target that knows a constraint of a schema in words only is refused. */
  readonly strictSchemas?: boolean | undefined
  readonly answerSchema?: AnswerSchemaPolicy | undefined
  /** Which model name the client is told: the one it asked for, or the one that served. */
  readonly responseModel: 'requested' | 'served'
  readonly requirements?: RouteRequirements | undefined
  readonly selection: SelectionPolicy
  readonly resilience?: RouteResilience | undefined
}

/** Something a request must be, besides asking for a model, to take a route. */
export interface RouteCondition {
  /** The operator's own words, such as `header x-team=core`; names the condition in decisions. */
  readonly key: string
  /** The condition reads what a record does not keep, so its outcome is recorded instead. */
  readonly isPrivate: boolean
  holds(question: DecisionQuestion): boolean
}

/** One way to a route: a name or pattern, and conditions that all must hold. */
export interface RouteRule {
  readonly route: Route
  readonly pattern: string
  readonly conditions: readonly RouteCondition[]
}

/** Finds the rule for a model name without walking all of them. */
export interface RouteMatcher {
  /** The most specific accepted rule: exact name, then longest prefix, then glob; within one of them in the order of the file. */
  find(model: string, accept: (rule: RouteRule) => boolean): RouteRule | undefined
}

/** A score profile: weights, and tags that its candidates must not carry. */
export interface ScoreProfile {
  readonly weights: ScoreWeights
  readonly denyLanes: readonly string[]
}

/** What routing knows of a provider. */
export interface ProviderFacts {
  readonly id: ProviderId
  readonly type: string
  readonly format: WireFormat
  /** Tells its type, address and format from others, for what was found out about it. */
  readonly endpoint?: string | undefined
  readonly accounts: readonly AccountRef[]
  /** Whether the upstream is the format's own vendor (decides on vendor-only fields). */
  readonly firstParty: boolean
  /** `format: auto`: what targets speak is found out, and decided for each call. */
  readonly findsFormat?: boolean | undefined
  /** Declared by the operator; undefined fields are unknown. */
  readonly capabilities: Capabilities
  /** What it offers beside generating answers. */
  readonly offers: ReadonlySet<Offer>
  /** Tags of every model of the provider, and of single ones by name. */
  readonly tags: readonly string[]
  readonly modelTags: ReadonlyMap<string, readonly string[]>
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
  /** Tools that the provider itself runs, such as web search. */
  readonly hostedTools?: boolean | undefined
  readonly reasoning?: boolean | undefined
  readonly reasoningSummary?: boolean | undefined
  readonly imageOut?: boolean | undefined
  /** How images may come: within the request, by address, by a file id of the provider. */
  readonly visionSources?: readonly VisionSource[] | undefined
  readonly maxContextTokens?: number | undefined
  readonly maxOutputTokens?: number | undefined
}

export const VISION_SOURCES = ['inline_base64', 'remote_url', 'provider_file_ref'] as const
export type VisionSource = (typeof VISION_SOURCES)[number]

/** As much of a target's price as can be told before a call. Input and output have rates, at least for short prompts. */
export interface TargetPrice extends Pick<ModelPrice, 'perRequest'> {
  readonly rates: ForeseenRates
  readonly contextTiers: readonly { readonly above: number; readonly rates: ForeseenRates }[]
  /** Where the price comes from, such as `operator` or the name and date of a list. */
  readonly source?: string | undefined
}

export type ForeseenRates = Pick<TokenRates, 'input' | 'output' | 'cacheRead'>

/** What is known of a target, whoever said it. Immutable: decisions keep it until their record is written. */
export interface TargetFacts {
  /** The operator's word where there is one, else the catalogue's. */
  readonly capabilities: Capabilities
  /** What the operator declared, so that evidence can name who said it. */
  readonly declared?: Capabilities | undefined
  /** In tokens. */
  readonly contextWindow?: number | undefined
  readonly maxOutputTokens?: number | undefined
  readonly price?: TargetPrice | undefined
  /** Lanes, and what the model is made for. */
  readonly tags: readonly string[]
  /** Date of the certification that holds, as `2026-01-31`. */
  readonly certified?: string | undefined
  /** The last certification, where it holds no longer. */
  readonly lapsed?: CertificationLapse | undefined
}

/** A certification that does not count any more: it is too old, or its provider has another address or format by now. */
export interface CertificationLapse {
  readonly day: string
  readonly cause: 'age' | 'endpoint'
}

/** What a decision is told of its candidates by the catalogue and the operator. */
export type FactsOf = (target: Target) => TargetFacts

/** Everything a routing decision depends on, compiled from the configuration and immutable. One request pins one snapshot. */
export interface RoutingSnapshot {
  /** Counts up with every applied configuration, starting at 1. */
  readonly revision: number
  /** `sha256:` of the effective configuration without secrets. */
  readonly configHash: string
  /** Routes by exact model name (route matches, aliases) that ask for nothing but the name. */
  readonly routes: ReadonlyMap<string, Route>
  /** The `*` route that asks for nothing else. */
  readonly wildcard: Route | undefined
  /** All routes but those of `*`; undefined when `routes` says it all, because nobody uses patterns or conditions. */
  readonly matcher?: RouteMatcher | undefined
  /** Routes that only `matcher` leads to. */
  readonly matched?: readonly Route[] | undefined
  /** The `*` routes with conditions, in order; asked before `wildcard`. */
  readonly wildcards: readonly RouteRule[]
  /** Combos by name, without `combo/`. */
  readonly combos: ReadonlyMap<string, Route>
  /** Every target the configuration names, for `auto` and its profiles. */
  readonly targets: readonly Target[]
  /** Score profiles of the operator, by name. */
  readonly profiles: ReadonlyMap<string, ScoreProfile>
  /** Whether clients may choose a strategy where the operator has chosen none. */
  readonly clientStrategies: boolean
  readonly providers: ReadonlyMap<ProviderId, ProviderFacts>
  /** Providers that take model names beginning so, asked after the `*` route and before the default provider; first match wins. */
  readonly vendorPrefixes?: readonly { readonly prefix: string; readonly provider: ProviderId }[] | undefined
  /** Provider that takes models nobody else knows. */
  readonly defaultProvider: ProviderId | undefined
  /** Settings of calls that name `provider/model` directly, and the base the routes inherit from. */
  readonly defaults: Omit<Route, 'name' | 'targets'>
  /** Ids that `GET /v1/models` lists, in order. */
  readonly modelIds: readonly string[]
  readonly resilience: ResilienceSettings
  readonly sessions: SessionSettings
  /** Images named by address are fetched for targets that take them within the request only. */
  readonly inlinesMedia?: boolean | undefined
  /** Age in milliseconds at which a certification stops counting; undefined when none does. */
  readonly certificationMaxAgeMs?: number | undefined
  /** Some provider has `format: auto`. */
  readonly findsFormats?: boolean | undefined
}

/** How conversations are told apart. */
export interface SessionSettings {
  /** A conversation that its client does not name is known by a hash of its first message. */
  readonly hashFirstMessage: boolean
}
