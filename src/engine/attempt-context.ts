import type { ClientContext } from '../codecs/codec.ts'
import type { GatewayError } from '../errors/gateway-error.ts'
import type { AttemptRecord } from '../ir/record.ts'
import type { LlmRequest } from '../ir/request.ts'
import type { Clock } from '../lib/clock.ts'
import type { AttemptPurpose } from '../ir/settlement.ts'
import type { TraceContext } from '../observability/tracing/trace-context.ts'
import type { AttemptInput } from './attempt.ts'
import type { Call } from './engine.ts'
import type { Decided } from './execution-deps.ts'
import type { StreamFacts } from './stream-facts.ts'

/** What all attempts of a call have in common. */
export interface AttemptContext {
  readonly call: Call
  readonly decided: Decided
  /** `Clock.now()` at which the whole request has to be over. */
  readonly totalAt: number
  /** From 0, in the order in which the attempts of a call begin. */
  readonly number: number
  readonly purpose: AttemptPurpose
  readonly trace: TraceContext | undefined
}

/** How an attempt ended, besides its outcome. */
export interface AttemptEnding {
  readonly error?: GatewayError | undefined
  readonly next?: AttemptRecord['next']
  readonly facts?: StreamFacts | undefined
  /** Why the gateway itself gave it up. */
  readonly reason?: AttemptRecord['cancelled_because']
}

/** What encoding an answer for the client needs. */
export const clientContext = (
  { call, route, target, estimatedInputTokens }: Pick<AttemptInput, 'call' | 'route' | 'target' | 'estimatedInputTokens'>,
  request: LlmRequest,
  clock: Pick<Clock, 'now' | 'wall'>,
): ClientContext => ({
  requestId: call.requestId.slice(4),
  model: route.responseModel === 'requested' ? call.model : target.model,
  createdAt: Math.floor(clock.wall() / 1000),
  elapsedMs: () => clock.now() - call.receivedAt,
  request,
  upstreamFormat: target.format,
  estimatedInputTokens,
})
