import { extractFeatures } from '../catalog/features.ts'
import { housekeepingFeatures } from '../catalog/housekeeping.ts'
import type { ObservedState } from '../ir/observed.ts'
import type { DecisionQuestion, SessionPin } from '../ir/question.ts'
import type { FactsOf, RoutingSnapshot } from '../ir/snapshot.ts'
import { NOTHING_KNOWN } from '../routing/candidate.ts'
import { clientFamily } from '../routing/client-family.ts'
import { decide } from '../routing/decide.ts'
import { resolveRoute } from '../routing/resolve-route.ts'
import type { PreviewCall } from './engine.ts'
import type { Decided } from './execution-deps.ts'
import { Conversation } from './conversation.ts'
import { RouteCursors } from './route-cursors.ts'
import { sessionIdOf } from './session-id.ts'
import type { AffinityStore } from '../state/affinity/store.ts'
import { estimateInputTokens } from './token-estimate.ts'

export interface DeciderOptions {
  /** The snapshot in force; a call pins the one it gets. */
  readonly snapshot: () => RoutingSnapshot
  /** 0 ≤ x < 1, for the seed of each decision. */
  readonly random: () => number
  /** What is known of targets; without it nothing is. */
  readonly factsOf?: FactsOf | undefined
  readonly observed: Pick<ObservedState, 'of'>
  readonly affinity: AffinityStore
}

/** Decides on calls, for serving and for previews alike. */
export interface Decider {
  /** Throws what `resolveRoute` and `decide` throw. */
  decide(call: AskingCall): Decided
  /** The call is served: whoever serves in turns goes on to the next. */
  count(decided: Decided): void
}

type AskingCall = Omit<PreviewCall, 'requestId'>

export function createDecider(options: DeciderOptions): Decider {
  const cursors = new RouteCursors()
  const observed: ObservedState = { of: (target) => options.observed.of(target), cursor: cursors.at }
  const factsOf = options.factsOf ?? (() => NOTHING_KNOWN)
  return {
    decide(call) {
      const snapshot = options.snapshot()
      const conversation = conversationOf(call, options.affinity)
      const question = questionOf(call, conversation?.pin)
      const resolved = resolveRoute(snapshot, question)
      const seed = Math.floor(options.random() * 2 ** 32)
      const plan = decide(snapshot, resolved, question, { observed, factsOf, seed })
      question.letGo()
      return { snapshot, route: resolved.route, plan, question, conversation }
    },
    count({ plan }) {
      if (plan.strategy === 'round_robin') cursors.advance(plan.route)
    },
  }
}

/** A question that holds on to the call it came from until the route is found. */
export interface CallQuestion extends DecisionQuestion {
  /** Nothing of the call will be asked for again: the question may be kept. */
  letGo(): void
}

/** What a call asks of routing. */
export function questionOf(call: AskingCall, session?: SessionPin): CallQuestion {
  const { request, headers } = call
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
    letGo: () => (asked = undefined),
  }
}

function conversationOf({ request, headers, principal }: AskingCall, affinity: AffinityStore): Conversation | undefined {
  const id = headers === undefined ? undefined : sessionIdOf(headers, request)
  return id === undefined ? undefined : new Conversation(id, principal, request.model, affinity)
}

function textOf(metadata: Readonly<Record<string, unknown>> | undefined, name: string): string | undefined {
  const value = metadata !== undefined && Object.hasOwn(metadata, name) ? metadata[name] : undefined
  return typeof value === 'string' ? value : undefined
}
