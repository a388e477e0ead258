import { ForwardUse } from '../engine/endpoints/forward-use.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import { asProviderId } from '../ir/ids.ts'
import { safePath } from '../lib/safe-path.ts'
import type { EndpointFacts, EndpointServer } from './endpoint-server.ts'
import type { Exchange } from './exchange.ts'
import { readForwardBody, type ForwardBodyOptions } from './forward-body.ts'
import type { HttpAppOptions } from './http-app.types.ts'
import { pathOf } from './request-path.ts'
import type { ColdHandler } from './route-handler.ts'
import { ANY_METHODS } from './routes.ts'

export interface PassthroughHandlerOptions extends Pick<HttpAppOptions, 'codecs' | 'snapshot' | 'settings'>, ForwardBodyOptions {
  readonly endpoints: EndpointServer
}

const PREFIX = '/passthrough/'

/** Any address of a provider: the client's own request, with the credential of an account in place of the client's. */
export function createPassthroughHandler(options: PassthroughHandlerOptions): Record<'passthrough', ColdHandler> {
  return {
    passthrough: ({ exchange, query }) =>
      options.endpoints.serve(exchange, 'passthrough', () => factsOf(exchange, query, options)),
  }
}

async function factsOf(exchange: Exchange, query: URLSearchParams, options: PassthroughHandlerOptions): Promise<EndpointFacts> {
  const { codecs, snapshot, settings } = options
  const { method, headers, url } = exchange.request
  if (!ANY_METHODS.includes(method)) throw new GatewayError('method_not_allowed', `This address takes ${ANY_METHODS.join(', ')}.`)
  const { provider: id, path } = addressOf(pathOf(url).slice(settings.basePath.length))
  const provider = asProviderId(id)
  const format = snapshot().providers.get(provider)?.format
  // Whoever calls a provider's own address understands the provider's own errors.
  if (format !== undefined) exchange.format = format
  const { body, contentType, forward } = await readForwardBody(exchange, options)
  const endpoint = new ForwardUse({
    operation: 'passthrough',
    need: { offers: ['passthrough'], provider },
    happensOnce: method !== 'GET' && method !== 'HEAD',
    method,
    path,
    where: 'within',
    query,
    contentType,
    headers,
    clientFormat: exchange.format,
    body: () => forward,
  })
  return { codec: codecs[exchange.format], body, request: { model: 'passthrough' }, endpoint }
}

/** Reads the path as it was written: decoding and joining it is where others go astray. */
function addressOf(path: string): { readonly provider: string; readonly path: string } {
  const written = path.slice(PREFIX.length)
  const slash = written.indexOf('/')
  const safe = slash === -1 ? '' : safePath(written.slice(slash + 1))
  if (safe === undefined)
    throw new GatewayError('invalid_body', 'The path leads elsewhere than below the address of the provider. Write it plainly.', {
      param: 'path',
    })
  return { provider: slash === -1 ? written : written.slice(0, slash), path: safe }
}
