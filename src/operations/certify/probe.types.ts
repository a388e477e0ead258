import type { LlmRequest } from '../../ir/request.ts'
import type { LlmResponse } from '../../ir/response.ts'
import type { Capabilities } from '../../ir/snapshot.ts'
import type { ErrorCode } from '../../errors/codes.ts'
import type { ProbeSeen, Spoiling } from './probe-call.ts'

/** What probes are about; a column of the matrix. */
export const PROBE_GROUPS = ['text', 'stream', 'tools', 'schema', 'media', 'reasoning', 'limits', 'errors', 'counting'] as const
export type ProbeGroup = (typeof PROBE_GROUPS)[number]

/** Looks at what a call showed. A sentence says what is wrong with it, without quoting the answer; undefined is fine. */
export type Expectation = (seen: ProbeSeen) => string | undefined

/** A request as probes write it: what is left out is as a client leaves it out. */
export type ProbeRequest = Pick<LlmRequest, 'messages'> & Partial<Omit<LlmRequest, 'model' | 'stream' | 'messages'>>

interface ProbeBase {
  /** Such as `tools.parallel.stream`; stands in reports and records. */
  readonly id: string
  readonly group: ProbeGroup
  /** What is expected, as a sentence. */
  readonly about: string
  /** What the target has to be able to do for it; one that cannot is not asked, one of which nobody knows may refuse. */
  readonly wants?: keyof Capabilities | undefined
  /** One of the few that show whether a target is alive. */
  readonly liveness?: true | undefined
}

/** One call, or a call and another one that continues it. */
export interface CallProbe extends ProbeBase {
  readonly kind: 'call'
  readonly stream: boolean
  readonly request: ProbeRequest
  /** The next turn, from the first answer; undefined when that answer has nothing to go on from. */
  readonly next?: ((first: LlmResponse) => ProbeRequest | undefined) | undefined
  readonly spoil?: Spoiling | undefined
  readonly leaves?: true | undefined
  /** Asked of a model that nobody has. */
  readonly unknownModel?: true | undefined
  readonly expects: readonly Expectation[]
}

/** Looks at several calls together. */
export interface ComparingProbe extends ProbeBase {
  readonly kind: 'comparing'
  /** Made one after the other, or all at once. */
  readonly calls: readonly { readonly stream: boolean; readonly request: ProbeRequest; readonly leaves?: true | undefined }[]
  readonly atOnce?: true | undefined
  readonly expects: (seen: readonly ProbeSeen[]) => string | undefined
}

/** Asks another endpoint than that of answers. */
export interface EndpointProbe extends ProbeBase {
  readonly kind: 'models' | 'count-tokens'
  /** Texts whose tokens are counted. */
  readonly texts?: readonly string[] | undefined
}

export type Probe = CallProbe | ComparingProbe | EndpointProbe

/** What came of a probe. */
export interface ProbeResult {
  readonly id: string
  /** `unsupported`: nobody has said that the target can do this, and it cannot; `skipped`: not asked. */
  readonly verdict: 'passed' | 'failed' | 'unsupported' | 'skipped'
  /** Why, as a sentence; never words of an answer. */
  readonly reason?: string | undefined
  /** Of the error table, when a call failed. */
  readonly error_code?: ErrorCode | undefined
}
