import { extractFeatures } from '../catalog/features.ts'
import { housekeepingFeatures } from '../catalog/housekeeping.ts'
import type { ObservedState } from '../ir/observed.ts'
import { providerOf } from '../ir/ids.ts'
import type { AnswerOrigin, DecisionQuestion, EndpointNeed, SessionPin } from '../ir/question.ts'
import type { FactsOf } from '../ir/snapshot.ts'
import { NOTHING_KNOWN } from '../routing/candidate.ts'
import { clientFamily } from '../routing/client-family.ts'
import { decide } from '../routing/decide.ts'
import { withFoundFormats } from '../routing/found-formats.ts'
import type { FormatFinder } from './formats/format-finder.ts'
import { resolveRoute } from '../routing/resolve-route.ts'
import type { EndpointUse } from './endpoints/endpoint-use.ts'
import type { PreviewCall } from './engine.ts'
import type { Decided, Revision } from './execution-deps.ts'
import { Conversation } from './conversation.ts'
import { RouteCursors } from './route-cursors.ts'
import { objectNotFound, previousAnswer, type PreviousAnswer } from './answers.ts'
import type { CallLimits } from './limits/limiter.ts'
import { identifySession } from './session-id.ts'
import type { AffinityStore } from '../state/affinity/store.ts'
import { estimateInputTokens } from './token-estimate.ts'

export interface DeciderOptions {
  /** The configuration in force; a call pins the one it gets. */
  readonly revision: () => Revision
  /** 0 ≤ x < 1, for the seed of each decision. */
  readonly random: () => number
  /** What is known of targets; without it nothing is. */
  readonly factsOf?: FactsOf | undefined
  readonly observed: Pick<ObservedState, 'of'>
  readonly affinity: AffinityStore
  /** What upstreams of `format: auto` speak. */
  readonly formats?: Pick<FormatFinder, 'formatOf'> | undefined
  /** Unguessable, for hashes of what must not be recorded. */
  readonly salt: () => string
}

/** Decides on calls, for serving and for previews alike. */
export interface Decider {
  /** `limits` is what the call holds. Throws what `resolveRoute` and `decide` throw, and `object_not_found` for a file or batch that is not known as the caller's. */
  decide(call: AskingCall, limits?: CallLimits): Decided
  /** The call is served: whoever serves in turns goes on to the next. */
  count(decided: Decided): void
  /** The session of a call that comes to no decision. */
  sessionOf(call: AskingCall): string | undefined
}

type AskingCall = Omit<PreviewCall, 'requestId'>

export function createDecider(options: DeciderOptions): Decider {
  const cursors = new RouteCursors()
  const observed: ObservedState = { of: (target) => options.observed.of(target), cursor: cursors.at }
  const factsOf = options.factsOf ?? (() => NOTHING_KNOWN)
  return {
    decide(call, limits) {
      const revision = options.revision()
      const { snapshot } = revision
      const previous = previousAnswer(call, options.affinity)
      if (call.endpoint?.object !== undefined && previous?.origin.kind !== 'known') throw objectNotFound()
      const conversation = conversationOf(call, previous, options)
      const question = questionOf(call, conversation?.pin, previous?.origin)
      const resolved = withFoundFormats(resolveRoute(snapshot, question), snapshot, (target) =>
        options.formats === undefined ? target.format : options.formats.formatOf(target, call.codec.format),
      )
      const seed = Math.floor(options.random() * 2 ** 32)
      const plan = decide(snapshot, resolved, question, { observed, factsOf, seed })
      question.letGo()
      const { route } = resolved
      return { revision, snapshot, route, plan, question, conversation, isContinuable: isContinuable(call), limits }
    },
    count({ plan }) {
      if (plan.strategy === 'round_robin') cursors.advance(plan.route)
    },
    sessionOf: (call) => sessionOf(call, previousAnswer(call, options.affinity), options),
  }
}

/** A question that holds on to the call it came from until the route is found. */
export interface CallQuestion extends DecisionQuestion {
  /** Nothing of the call will be asked for again: the question may be kept. */
  letGo(): void
}

/** What a call asks of routing. */
export function questionOf(
  call: AskingCall,
  session?: SessionPin,
  origin: AnswerOrigin | undefined = unread(call),
): CallQuestion {
  const { request, headers, endpoint } = call
  const features = extractFeatures(request)
  const housekeeping = housekeepingFeatures(request)
  let asked: AskingCall | undefined = call
  return {
    model: request.model,
    clientFormat: call.codec.format,
    stream: request.stream,
    estimatedInputTokens: estimateInputTokens(request, call.body),
    maxOutputTokens: request.maxOutputTokens,
    features: () => features,
    housekeeping: () => housekeeping,
    parallelTools: request.parallelToolCalls,
    hints: call.hints,
    principal: call.principal,
    client: headers === undefined ? undefined : clientFamily(headers.get('user-agent')),
    header: (name) => asked?.headers?.get(name) ?? undefined,
    metadata: (name) => textOf(asked?.request.metadata, name),
    session,
    origin,
    endpoint: endpoint === undefined ? undefined : needOf(endpoint, origin),
    letGo: () => (asked = undefined),
  }
}

/** A file or batch is asked of the provider that keeps it. */
const needOf = ({ need, object }: EndpointUse, origin: AnswerOrigin | undefined): EndpointNeed =>
  object === undefined || origin?.kind !== 'known' ? need : { ...need, provider: providerOf(origin.target) }

/** Before anybody was asked for the answer that the call continues. */
const unread = ({ request }: AskingCall): AnswerOrigin | undefined =>
  request.state?.previousResponseId === undefined ? undefined : { kind: 'unknown' }

/** Where nothing is stored there is nothing to continue. */
const isContinuable = ({ codec, request }: AskingCall): boolean => codec.answerId !== undefined && request.state?.store !== false

function sessionOf(
  { request, headers }: AskingCall,
  previous: PreviousAnswer | undefined,
  { revision, salt }: DeciderOptions,
): string | undefined {
  if (headers === undefined) return undefined
  const firstMessageSalt = revision().snapshot.sessions.hashFirstMessage ? salt() : undefined
  return identifySession(headers, request, { continued: previous?.session, firstMessageSalt })?.id
}

function conversationOf(
  call: AskingCall,
  previous: PreviousAnswer | undefined,
  options: DeciderOptions,
): Conversation | undefined {
  const id = sessionOf(call, previous, options)
  return id === undefined ? undefined : new Conversation(id, call.principal, call.request.model, options.affinity)
}

function textOf(metadata: Readonly<Record<string, unknown>> | undefined, name: string): string | undefined {
  const value = metadata !== undefined && Object.hasOwn(metadata, name) ? metadata[name] : undefined
  return typeof value === 'string' ? value : undefined
}
