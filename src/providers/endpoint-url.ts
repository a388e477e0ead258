import { GatewayError } from '../errors/gateway-error.ts'
import type { WireFormat } from '../ir/wire-format.ts'
import { modelPath } from './model-path.ts'

/** What an upstream serves: a format at its usual addresses, or at those of a cloud that has its own. */
export type UpstreamApi = WireFormat | 'vertex_google' | 'vertex_anthropic' | 'azure_deployments'

export type Operation = 'generate' | 'count-tokens'

/** What varies from call to call in the address of an upstream; most formats say it in the body. */
export interface EndpointCall {
  readonly model: string
  readonly stream: boolean
}

/** Where an operation of an upstream is found. */
export type Endpoint = (call: EndpointCall) => string

/** Of each format: the path of an operation, below a base whose own path is given; or the paths of its models. */
type PathRule =
  | { readonly kind: 'fixed'; readonly path: (base: string, operation: Operation) => string }
  | {
      readonly kind: 'by-model'
      readonly root: (base: string) => string
      readonly path: (operation: Operation, call: EndpointCall) => string
    }

const PATHS: Readonly<Record<UpstreamApi, PathRule>> = {
  openai: { kind: 'fixed', path: (base) => `${withoutOpenAiEndpoint(base)}/chat/completions` },
  responses: { kind: 'fixed', path: (base) => `${withoutOpenAiEndpoint(base)}/responses` },
  anthropic: {
    kind: 'fixed',
    path: (base, operation) => `${messagesPath(base)}${operation === 'count-tokens' ? '/count_tokens' : ''}`,
  },
  gemini: {
    kind: 'by-model',
    root: (base) => {
      const bare = base.replace(/\/models$/, '')
      return /\/v\d+(?:(?:alpha|beta)\d*)?$/.test(bare) ? bare : `${bare}/v1beta`
    },
    path: googlePath,
  },
  // The base ends with the publisher, whose models stand below it.
  vertex_google: { kind: 'by-model', root: (base) => base, path: googlePath },
  vertex_anthropic: {
    kind: 'by-model',
    root: (base) => base,
    path: (operation, { model, stream }) =>
      operation === 'count-tokens'
        ? '/models/count-tokens:rawPredict'
        : `/${modelPath(model)}:${stream ? 'streamRawPredict' : 'rawPredict'}`,
  },
  azure_deployments: {
    kind: 'by-model',
    root: (base) => base,
    path: (_operation, { model }) => `/${modelPath(model, 'deployments')}/chat/completions`,
  },
}

function googlePath(operation: Operation, { model, stream }: EndpointCall): string {
  const verb = stream ? 'streamGenerateContent?alt=sse' : 'generateContent'
  return `/${modelPath(model)}:${operation === 'count-tokens' ? 'countTokens' : verb}`
}

/**
 * Where an operation is found. A base may already name the endpoint (`…/v1/chat/completions`, `…/v1/messages`, `…/v1beta/models`), which
 * is then not repeated; Chat and Responses bases otherwise contain their own version, the others may or may not. A query is kept.
 */
export function endpointOf(baseUrl: string, api: UpstreamApi, operation: Operation): Endpoint {
  const url = URL.parse(baseUrl)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new GatewayError('config_invalid', `base_url "${withoutQuery(baseUrl)}" is no http or https address.`)
  }
  const rule = PATHS[api]
  const base = url.pathname.replace(/\/+$/, '')
  if (rule.kind === 'fixed') {
    url.pathname = rule.path(base, operation)
    const { href } = url
    return () => href
  }
  const root = `${url.origin}${rule.root(base)}`
  const query = url.search.slice(1)
  return (call) => {
    const address = root + rule.path(operation, call)
    return query === '' ? address : `${address}${address.includes('?') ? '&' : '?'}${query}`
  }
}

/** What an address of this file asks for, for an upstream inside this process. `call` is undefined where the body tells it. */
export function calledEndpoint(
  address: string,
  format: WireFormat,
): { readonly operation: Operation; readonly call?: EndpointCall } {
  const path = URL.parse(address)?.pathname ?? ''
  const [, model, verb] = /\/models\/(.+):(\w+)$/.exec(path) ?? []
  if (PATHS[format].kind === 'fixed' || model === undefined || verb === undefined)
    return { operation: path.endsWith('/count_tokens') ? 'count-tokens' : 'generate' }
  const call = { model: decodeURIComponent(model), stream: verb === 'streamGenerateContent' }
  return { operation: verb === 'countTokens' ? 'count-tokens' : 'generate', call }
}

const withoutOpenAiEndpoint = (path: string): string => path.replace(/\/(chat\/completions|responses)$/, '')

function messagesPath(path: string): string {
  if (path.endsWith('/v1/messages')) return path
  return path.endsWith('/v1') ? `${path}/messages` : `${path}/v1/messages`
}

function withoutQuery(address: string): string {
  return address.replace(/\?.*$/s, '')
}
