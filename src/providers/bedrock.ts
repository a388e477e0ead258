import { bedrockEmbeddings } from '../codecs/bedrock-embeddings/index.ts'
import type { Codec } from '../codecs/codec.ts'
import { codecFor } from '../codecs/registry.ts'
import { asServerSentEvents } from './bedrock/as-server-sent-events.ts'
import { converseEvent } from './bedrock/converse-events.ts'
import { invokeBody, listedBetas } from './bedrock/invoke-body.ts'
import { invokeCounter } from './bedrock/invoke-count-tokens.ts'
import { invokeEvent } from './bedrock/invoke-events.ts'
import { createHttpProvider, type ProviderManner } from './http-provider.ts'
import type { ProviderDefinition } from './provider-definition.ts'
import type { Provider } from './provider.types.ts'

/** How Bedrock's runtime wants to be told that a stream is taken. */
const BINARY_STREAM = 'application/vnd.amazon.eventstream'
const BETAS = 'anthropic-beta'

/**
 * Amazon Bedrock. Models of every vendor by `Converse`; Claude's also by `InvokeModel`, which takes Messages as they are, in an envelope of
 * its own; embeddings by `InvokeModel` alone. Streams are binary and are read as server-sent events from here on.
 */
export const bedrockProvider: ProviderDefinition = {
  type: 'bedrock',
  create(settings, deps) {
    const isInvoke = settings.format === 'anthropic'
    const own = Object.entries(settings.headers).find(([name]) => name.toLowerCase() === BETAS)?.[1]
    const manner: ProviderManner = isInvoke ? { api: 'bedrock_invoke', bodyOf: invokeBody(listedBetas(own)) } : {}
    const inner = createHttpProvider(settings, deps, {}, manner)
    const eventOf = isInvoke ? invokeEvent : converseEvent
    const codec: Codec = isInvoke ? { ...codecFor('anthropic'), tokenCounter: invokeCounter } : inner.codec
    const buildRequest: Provider['buildRequest'] = (options) => {
      const request = inner.buildRequest(options)
      // What Messages say in headers stands in the body here.
      const { [BETAS]: _betas, 'anthropic-version': _version, ...headers } = request.headers
      return { ...request, headers: options.stream ? { ...headers, accept: BINARY_STREAM } : headers }
    }
    return {
      ...inner,
      codec,
      embeddings: bedrockEmbeddings,
      buildRequest,
      async send(request, signal) {
        return asServerSentEvents(await inner.send(request, signal), eventOf)
      },
    }
  },
}
