import { CompletionUse } from '../engine/endpoints/completion-use.ts'
import { ForwardUse } from '../engine/endpoints/forward-use.ts'
import { completionsCodec } from '../codecs/openai/completions.ts'
import type { Endpoint } from '../ir/endpoint.ts'
import type { EndpointFacts, EndpointServer } from './endpoint-server.ts'
import type { Exchange } from './exchange.ts'
import type { HttpAppOptions } from './http-app.types.ts'
import { readModelBody } from './model-body.ts'
import type { ColdHandler } from './route-handler.ts'
import { ROUTES, type ForwardRouteName } from './routes.ts'
import type { CallServer } from './serve-call.ts'

export interface ForwardHandlersOptions extends Pick<HttpAppOptions, 'codecs'> {
  readonly calls: Pick<CallServer, 'receive' | 'receiveBytes'>
  readonly endpoints: EndpointServer
}

interface ForwardRoute {
  readonly operation: Endpoint
  /** What OpenAI takes when the client names no model. */
  readonly defaultModel?: string
}

const FORWARDED: Readonly<Record<ForwardRouteName, ForwardRoute>> = {
  generateImages: { operation: 'images' },
  editImages: { operation: 'images' },
  varyImages: { operation: 'images' },
  speech: { operation: 'speech' },
  transcriptions: { operation: 'transcriptions' },
  translations: { operation: 'translations' },
  rerank: { operation: 'rerank' },
  moderations: { operation: 'moderations', defaultModel: 'omni-moderation-latest' },
}

/** Endpoints of OpenAI's API that name a model and are forwarded to a target that offers them. */
export function createForwardHandlers(options: ForwardHandlersOptions): Record<ForwardRouteName | 'completions', ColdHandler> {
  const { calls, endpoints } = options
  const forward =
    (name: ForwardRouteName): ColdHandler =>
    ({ exchange }) =>
      endpoints.serve(exchange, FORWARDED[name].operation, () => forwardFacts(exchange, name, options))
  return {
    completions: ({ exchange }) =>
      endpoints.serve(exchange, 'completions', async () => {
        const { value, body } = await calls.receive(exchange)
        const request = completionsCodec.decodeRequest(value).value
        const { stream, includeUsage = false } = request
        const { headers } = exchange.request
        return { codec: completionsCodec, body, request, endpoint: new CompletionUse({ body, headers, stream, includeUsage }) }
      }),
    generateImages: forward('generateImages'),
    editImages: forward('editImages'),
    varyImages: forward('varyImages'),
    speech: forward('speech'),
    transcriptions: forward('transcriptions'),
    translations: forward('translations'),
    rerank: forward('rerank'),
    moderations: forward('moderations'),
  }
}

async function forwardFacts(
  exchange: Exchange,
  name: ForwardRouteName,
  { calls, codecs }: ForwardHandlersOptions,
): Promise<EndpointFacts> {
  const { operation, defaultModel } = FORWARDED[name]
  const { model, contentType, body, withModel } = await readModelBody(exchange, calls, defaultModel)
  const endpoint = new ForwardUse({
    operation,
    need: { offers: [operation] },
    happensOnce: false,
    method: 'POST',
    path: ROUTES[name].path.slice('/v1'.length),
    where: 'endpoint',
    contentType,
    headers: exchange.request.headers,
    clientFormat: 'openai',
    body: withModel,
  })
  return { codec: codecs.openai, body, request: { model }, endpoint }
}
