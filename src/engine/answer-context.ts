import type { ClientContext } from '../codecs/codec.ts'
import type { LlmRequest } from '../ir/request.ts'
import type { AttemptInput } from './attempt.ts'
import type { Call } from './engine.ts'

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

/** The conversation is most of a request, and not kept for as long as an upstream takes to answer it. */
export const answeredRequest = ({ codec, request }: Call): LlmRequest =>
  codec.echoesRequest === true ? request : { ...request, messages: [] }
