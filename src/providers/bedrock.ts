import type { Codec } from '../codecs/codec.ts'
import { codecFor } from '../codecs/registry.ts'
import { asServerSentEvents } from './bedrock/as-server-sent-events.ts'
import { converseEvent } from './bedrock/converse-events.ts'
import { invokeCounter } from './bedrock/invoke-count-tokens.ts'
import { invokeEvent } from './bedrock/invoke-events.ts'
import { invokeRequest } from './bedrock/invoke-request.ts'
import { createHttpProvider } from './http-provider.ts'
import type { ProviderDefinition } from './provider-definition.ts'
import type { Provider } from './provider.types.ts'

/** How Bedrock's runtime wants to be told that a stream is taken. */
const BINARY_STREAM = 'application/vnd.amazon.eventstream'

/**
 * Amazon Bedrock. Models of every vendor by `Converse`; Claude's also by `InvokeModel`, which takes Messages as they are, in an envelope of
 * its own. Streams are binary and are read as server-sent events from here on.
 */
export const bedrockProvider: ProviderDefinition = {
  type: 'bedrock',
  create(settings, deps) {
    const isInvoke = settings.format === 'anthropic'
    const inner = createHttpProvider(settings, deps, {}, isInvoke ? 'bedrock_invoke' : settings.format)
    const eventOf = isInvoke ? invokeEvent : converseEvent
    const codec: Codec = isInvoke ? { ...codecFor('anthropic'), tokenCounter: invokeCounter } : inner.codec
    const buildRequest: Provider['buildRequest'] = (options) => {
      const request = inner.buildRequest(options)
      const built = isInvoke ? invokeRequest(request, options) : request
      return options.stream ? { ...built, headers: { ...built.headers, accept: BINARY_STREAM } } : built
    }
    return {
      ...inner,
      codec,
      buildRequest,
      async send(request, signal) {
        return asServerSentEvents(await inner.send(request, signal), eventOf)
      },
    }
  },
}
