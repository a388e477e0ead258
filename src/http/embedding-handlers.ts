import type { Codec } from '../codecs/codec.ts'
import type { EmbeddingAddress } from '../codecs/embedding-codec.ts'
import { EmbeddingUse } from '../engine/endpoints/embedding-use.ts'
import { estimateTextTokens } from '../engine/token-estimate.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { EndpointFacts, EndpointServer } from './endpoint-server.ts'
import type { Exchange } from './exchange.ts'
import type { HttpAppOptions } from './http-app.types.ts'
import { modelNamed } from './model-calls.ts'
import type { ParsedBody } from './parse-body.ts'
import type { ColdHandler } from './route-handler.ts'
import type { CallServer } from './serve-call.ts'

export interface EmbeddingHandlersOptions extends Pick<HttpAppOptions, 'codecs'> {
  readonly calls: Pick<CallServer, 'receive'>
  readonly endpoints: EndpointServer
}

/** Embeddings, as OpenAI's and as Google's clients ask for them. */
export function createEmbeddingHandlers({
  codecs,
  calls,
  endpoints,
}: EmbeddingHandlersOptions): Record<'embeddings' | 'embedContent' | 'batchEmbedContents', ColdHandler> {
  const serve = (exchange: Exchange, codec: Codec, address?: EmbeddingAddress): Promise<Response> =>
    endpoints.serve(exchange, 'embeddings', async () => factsOf(exchange, codec, await calls.receive(exchange), address))
  const google =
    (isBatch: boolean): ColdHandler =>
    ({ exchange, id }) =>
      serve(exchange, codecs.gemini, { model: modelNamed(id), isBatch })
  return {
    embeddings: ({ exchange }) => serve(exchange, codecs.openai),
    embedContent: google(false),
    batchEmbedContents: google(true),
  }
}

function factsOf(
  { request }: Exchange,
  codec: Codec,
  { value, body }: ParsedBody,
  address: EmbeddingAddress | undefined,
): EndpointFacts {
  if (codec.embeddings === undefined)
    throw new GatewayError('endpoint_unsupported', `Clients of format ${codec.format} have no embeddings.`)
  const decoded = codec.embeddings.decodeRequest(value, address)
  const estimatedInputTokens = estimateTextTokens(body.bytes.length)
  return {
    codec,
    body,
    // There is no output.
    request: { model: decoded.value.model, maxOutputTokens: 0 },
    endpoint: new EmbeddingUse({ codec, decoded, value, body, headers: request.headers, estimatedInputTokens }),
  }
}
