import type { Codec } from '../../codecs/codec.ts'
import { GatewayError } from '../../errors/gateway-error.ts'
import type { EndpointCall, Operation } from '../endpoint-url.ts'
import { failureReply } from './mock-reply.ts'

/** What every input is embedded as. */
const VECTOR = [0.1, 0.2, 0.3, 0.4]

/** Embeddings of the mock: four numbers and one token for each input, so that sums are easy to check. */
export function embeddingsReply(
  codec: Codec,
  text: string,
  { operation, call }: { readonly operation: Operation; readonly call?: EndpointCall | undefined },
  requestId: string,
): Response {
  const { embeddings } = codec
  try {
    if (embeddings === undefined) throw new GatewayError('endpoint_unsupported', 'This format has no embeddings.')
    const address = { model: call?.model ?? '', isBatch: operation === 'embed-batch' }
    const request = embeddings.decodeRequest(JSON.parse(text), address).value
    const usage = { inputTokens: request.inputs.length, outputTokens: 0 }
    const answer = { vectors: request.inputs.map(() => VECTOR), usage, model: request.model }
    const context = { model: request.model, request, estimatedInputTokens: request.inputs.length }
    return Response.json(embeddings.encodeResponse(answer, context))
  } catch (error) {
    const message = error instanceof GatewayError ? error.message : 'The body is no JSON.'
    return failureReply(codec, requestId, 400, { type: 'invalid_request_error', message })
  }
}
