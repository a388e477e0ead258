import { vertexEmbeddingModel } from '../codecs/gemini/vertex-embedding-models.data.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { WireFormat } from '../ir/wire-format.ts'
import { bedrockModelPath, modelPath } from './model-path.ts'

/** What an upstream serves: a format at its usual addresses, or at those of a cloud that has its own. */
export type UpstreamApi = WireFormat | 'vertex_google' | 'vertex_anthropic' | 'azure_deployments' | 'bedrock_invoke'

export type Operation = 'generate' | 'count-tokens' | 'embed' | 'embed-batch'

/** What varies from call to call in the address of an upstream; most formats say it in the body. */
export interface EndpointCall {
  readonly model: string
  readonly stream: boolean
}

/** Where an operation of an upstream is found. */
export type Endpoint = (call: EndpointCall) => string

/**
 * Of each format: where everything lies, below a base whose own path is given, and the path of an operation there, or those of its models.
 */
type PathRule =
  | { readonly kind: 'fixed'; readonly root: (base: string) => string; readonly path: (operation: Operation) => string }
  | {
      readonly kind: 'by-model'
      readonly root: (base: string) => string
      readonly path: (operation: Operation, call: EndpointCall) => string
    }

const GEMINI_VERBS: Readonly<Partial<Record<Operation, string>>> = {
  'count-tokens': 'countTokens',
  embed: 'embedContent',
  'embed-batch': 'batchEmbedContents',
}

const isEmbedding = (operation: Operation): boolean => operation.startsWith('embed')
const embeddings = (operation: Operation): string | undefined => (isEmbedding(operation) ? '/embeddings' : undefined)

const PATHS: Readonly<Record<UpstreamApi, PathRule>> = {
  openai: { kind: 'fixed', root: withoutOpenAiEndpoint, path: (operation) => embeddings(operation) ?? '/chat/completions' },
  responses: { kind: 'fixed', root: withoutOpenAiEndpoint, path: (operation) => embeddings(operation) ?? '/responses' },
  anthropic: {
    kind: 'fixed',
    root: (base) => `${base.replace(/(?:\/v1(?:\/messages)?)?$/, '')}/v1`,
    path: (operation) => `/messages${operation === 'count-tokens' ? '/count_tokens' : ''}`,
  },
  gemini: {
    kind: 'by-model',
    root: (base) => {
      const bare = base.replace(/\/models$/, '')
      return VERSION.test(bare) ? bare : `${bare}/v1beta`
    },
    path: googlePath,
  },
  bedrock_converse: bedrockRule('converse', 'converse-stream'),
  bedrock_invoke: bedrockRule('invoke', 'invoke-with-response-stream'),
  // The base ends with the publisher, whose models stand below it.
  vertex_google: {
    kind: 'by-model',
    root: (base) => base,
    path: (operation, call) =>
      isEmbedding(operation)
        ? `/${modelPath(call.model)}:${vertexEmbeddingModel(call.model)?.verb ?? 'predict'}`
        : googlePath(operation, call),
  },
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
    path: (operation, { model }) => `/${modelPath(model, 'deployments')}${embeddings(operation) ?? '/chat/completions'}`,
  },
}

function bedrockRule(whole: string, streamed: string): PathRule {
  return {
    kind: 'by-model',
    root: (base) => base.replace(/\/model$/, ''),
    path: (operation, { model, stream }) => {
      const method =
        operation === 'generate' ? (stream ? streamed : whole) : operation === 'count-tokens' ? 'count-tokens' : 'invoke'
      return `/model/${bedrockModelPath(model)}/${method}`
    },
  }
}

function googlePath(operation: Operation, { model, stream }: EndpointCall): string {
  const verb = GEMINI_VERBS[operation] ?? (stream ? 'streamGenerateContent?alt=sse' : 'generateContent')
  return `/${modelPath(model)}:${verb}`
}

/**
 * Where an operation is found. A base may already name the endpoint (`…/v1/chat/completions`, `…/v1/messages`, `…/v1beta/models`), which
 * is then not repeated; Chat and Responses bases otherwise contain their own version, the others may or may not. A query is kept.
 */
export function endpointOf(baseUrl: string, api: UpstreamApi, operation: Operation): Endpoint {
  const { url, base } = parsedBase(baseUrl)
  const rule = PATHS[api]
  if (rule.kind === 'fixed') {
    url.pathname = `${rule.root(base)}${rule.path(operation)}`
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

/** Where a path of OpenAI's API, or of one that is laid out like it, is found. It begins with a slash. */
export function addressBelow(baseUrl: string, format: WireFormat, path: string): URL {
  const { url, base } = parsedBase(baseUrl)
  url.pathname = `${PATHS[format].root(base)}${path}`
  return url
}

/**
 * Where a path below the base is found, as a client wrote it for the provider itself. A version that the base ends in is not repeated. The
 * path begins with a slash and has been checked (`safePath`).
 */
export function addressWithin(baseUrl: string, path: string): URL {
  const { url, base } = parsedBase(baseUrl)
  const bare = base.replace(/\/(?:chat\/completions|responses|messages|models)$/, '')
  const version = VERSION.exec(bare)?.[0]
  const rest = version !== undefined && `${path}/`.startsWith(`${version}/`) ? path.slice(version.length) : path
  url.pathname = `${bare}${rest}`
  return url
}

const VERSION = /\/v\d+(?:(?:alpha|beta)\d*)?$/

function parsedBase(baseUrl: string): { readonly url: URL; readonly base: string } {
  const url = URL.parse(baseUrl)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new GatewayError('config_invalid', `base_url "${withoutQuery(baseUrl)}" is no http or https address.`)
  }
  return { url, base: url.pathname.replace(/\/+$/, '') }
}

/** What an address of this file asks for, for an upstream inside this process. `call` is undefined where the body tells it. */
export function calledEndpoint(
  address: string,
  format: WireFormat,
): { readonly operation: Operation; readonly call?: EndpointCall } {
  const path = URL.parse(address)?.pathname ?? ''
  const [, model, verb] = (format === 'bedrock_converse' ? BEDROCK_CALL : GOOGLE_CALL).exec(path) ?? []
  if (PATHS[format].kind === 'fixed' || model === undefined || verb === undefined)
    return {
      operation: path.endsWith('/count_tokens') ? 'count-tokens' : path.endsWith('/embeddings') ? 'embed-batch' : 'generate',
    }
  const call = { model: decodeURIComponent(model), stream: STREAMING.has(verb) }
  if (verb === 'count-tokens') return { operation: 'count-tokens', call }
  const operations = Object.keys(GEMINI_VERBS) as Operation[]
  return { operation: operations.find((operation) => GEMINI_VERBS[operation] === verb) ?? 'generate', call }
}

const GOOGLE_CALL = /\/models\/(.+):(\w+)$/
const BEDROCK_CALL = /\/model\/([^/]+)\/([\w-]+)$/
const STREAMING: ReadonlySet<string> = new Set(['streamGenerateContent', 'converse-stream'])

function withoutOpenAiEndpoint(path: string): string {
  return path.replace(/\/(chat\/completions|responses)$/, '')
}

function withoutQuery(address: string): string {
  return address.replace(/\?.*$/s, '')
}
