import { extractFeatures } from '../catalog/features.ts'
import { housekeepingFeatures } from '../catalog/housekeeping.ts'
import type { Feature } from '../ir/feature.ts'
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
      return {
        snapshot,
        route: resolved.route,
        plan: decide(snapshot, resolved, question, { observed, factsOf, seed }),
        question,
        conversation,
      }
    },
    count({ plan }) {
      if (plan.strategy === 'round_robin') cursors.advance(plan.route)
    },
  }
}

/** What a call asks of routing. Features are read when a filter first needs them. */
export function questionOf(call: AskingCall, session?: SessionPin): DecisionQuestion {
  const { request, headers } = call
  let features: ReadonlySet<Feature> | undefined
  let housekeeping: ReadonlySet<Feature> | undefined
  return {
    model: request.model,
    clientFormat: call.codec.format,
    stream: request.stream,
    estimatedInputTokens: estimateInputTokens(request, call.body),
    maxOutputTokens: request.maxOutputTokens,
    features: () => (features ??= extractFeatures(request)),
    housekeeping: () => (housekeeping ??= housekeepingFeatures(request)),
    parallelTools: request.parallelToolCalls,
    hints: call.hints,
    principal: call.principal,
    client: headers === undefined ? undefined : clientFamily(headers.get('user-agent')),
    header: (name) => headers?.get(name) ?? undefined,
    metadata: (name) => textOf(request.metadata, name),
    session,
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
