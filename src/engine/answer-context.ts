import type { ClientContext } from '../codecs/codec.ts'
import type { LlmRequest } from '../ir/request.ts'
import type { AttemptInput } from './attempt.ts'

/** What encoding the answer of an attempt needs of its call. `wall` is in Unix milliseconds. */
export const answerContext = (
  { call, route, target, estimatedInputTokens }: Pick<AttemptInput, 'call' | 'route' | 'target' | 'estimatedInputTokens'>,
  request: LlmRequest,
  wall: number,
): ClientContext => ({
  requestId: call.requestId.slice(4),
  model: route.responseModel === 'requested' ? call.model : target.model,
  createdAt: Math.floor(wall / 1000),
  request,
  upstreamFormat: target.format,
  estimatedInputTokens,
})
