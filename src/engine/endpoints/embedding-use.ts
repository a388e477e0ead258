import type { EmbeddingCodec, EmbeddingRequestLimit, UpstreamEmbeddings } from '../../codecs/embedding-codec.ts'
import type { Codec } from '../../codecs/codec.ts'
import { GatewayError } from '../../errors/gateway-error.ts'
import type { Diagnostic, Translated } from '../../ir/diagnostic.ts'
import type { Offer } from '../../ir/endpoint.ts'
import type { EmbeddingRequest } from '../../ir/embedding.ts'
import type { EndpointNeed } from '../../ir/question.ts'
import type { UpstreamBody } from '../../providers/provider.types.ts'
import { refuseLosses } from '../attempt.ts'
import type { RequestBody } from '../engine.ts'
import { passthroughBody, translatedBody } from '../request-body.ts'
import type { UnsentRequest } from '../../transport/transport.ts'
import { EmbeddingReading } from './embedding-reading.ts'
import type { EndpointPlace, EndpointReading, EndpointUse, PreparedEndpoint } from './endpoint-use.ts'

export interface EmbeddingUseOptions {
  /** The client's. */
  readonly codec: Codec
  readonly decoded: Translated<EmbeddingRequest>
  /** The parsed body. */
  readonly value: unknown
  readonly body: RequestBody
  readonly headers: Headers
  readonly estimatedInputTokens: number
}

/** Embeddings: the client's bytes for an upstream that takes them, else a translation; base64 where the upstream has none. */
export class EmbeddingUse implements EndpointUse {
  readonly operation = 'embeddings'
  readonly isMetered = true
  private readonly options: EmbeddingUseOptions

  constructor(options: EmbeddingUseOptions) {
    this.options = options
  }

  get need(): EndpointNeed {
    const { inputs } = this.options.decoded.value
    const offers: Offer[] = inputs.some((input) => typeof input === 'object')
      ? ['embeddings', 'token_embeddings']
      : ['embeddings']
    return { offers }
  }

  prepare(place: EndpointPlace): PreparedEndpoint {
    const { target, route } = place
    const { diagnostics, refusals, bodies } = this.passes(place) ? this.passed(place) : this.translated(place)
    if (route.translation === 'strict') refuseLosses(target, diagnostics)
    const [request, ...further] = bodies.map((body) => this.requestOf(body, place))
    return { request: request!, further, refusals, diagnostics }
  }

  reading(place: EndpointPlace): EndpointReading {
    const { codec, decoded, estimatedInputTokens } = this.options
    const sizes = this.passes(place)
      ? [decoded.value.inputs.length]
      : partsOf(decoded.value, place).map(({ inputs }) => inputs.length)
    const upstream = embeddingsAt(place)
    const client = clientEmbeddings(codec)
    return new EmbeddingReading({ place, upstream, client, request: decoded.value, sizes, estimatedInputTokens })
  }

  private passes(place: EndpointPlace): boolean {
    return embeddingsAt(place) === this.options.codec.embeddings
  }

  private requestOf(body: UpstreamBody, place: EndpointPlace): UnsentRequest {
    const { provider, target, account } = place
    const { codec, decoded, headers } = this.options
    return provider.buildRequest({
      operation: this.passes(place) && !decoded.value.isBatch ? 'embed' : 'embed-batch',
      model: target.model,
      body,
      account,
      stream: false,
      clientHeaders: headers,
      clientFormat: codec.format,
    })
  }

  private passed({ provider, target }: EndpointPlace): Prepared {
    const { codec, value, body } = this.options
    const renamed = clientEmbeddings(codec).renamed?.(value, target.model)
    if (renamed !== undefined) return { bodies: [translatedBody(renamed, body)], refusals: ['nested_model'], diagnostics: [] }
    const model = provider.codec.passthrough.modelInBody?.(target.model) ?? target.model
    return { bodies: [passthroughBody(body, { model, addStreamUsage: false })], refusals: [], diagnostics: [] }
  }

  private translated(place: EndpointPlace): Prepared {
    const { decoded, body } = this.options
    const { model } = place.target
    const encoded = partsOf(decoded.value, place).map((part) => embeddingsAt(place).encodeRequest(part, model))
    return {
      bodies: encoded.map(({ value }) => translatedBody(value, body)),
      refusals: ['format_differs'],
      // The inputs share their settings.
      diagnostics: [...decoded.diagnostics, ...(encoded[0]?.diagnostics ?? [])],
    }
  }
}

interface Prepared {
  /** One for each request to the upstream. */
  readonly bodies: readonly UpstreamBody[]
  readonly refusals: readonly string[]
  readonly diagnostics: readonly Diagnostic[]
}

/** As many as OpenAI takes inputs in one call. */
const MOST_REQUESTS = 2_048

/** The request, or several of it where the upstream takes fewer inputs at once. */
function partsOf(request: EmbeddingRequest, place: EndpointPlace): readonly EmbeddingRequest[] {
  const { inputs } = request
  const limit = embeddingsAt(place).requestLimit?.(place.target.model)
  if (limit === undefined) return [request]
  const parts = inParts(inputs, limit)
  if (parts.length > MOST_REQUESTS)
    throw new GatewayError(
      'translation_refused',
      `${place.target.id} takes ${limit.inputs} of the ${inputs.length} inputs at a time, or fewer where they are long, which would be ${parts.length} calls; at most ${MOST_REQUESTS} are made for one. Send fewer at once.`,
      { target: place.target.id },
    )
  return parts.map((part) => ({ ...request, inputs: part }))
}

/** The inputs in their order, as many together as may be. */
function inParts(
  inputs: EmbeddingRequest['inputs'],
  { inputs: most, bytes = Infinity }: EmbeddingRequestLimit,
): EmbeddingRequest['inputs'][] {
  const parts: EmbeddingRequest['inputs'][] = []
  let first = 0
  let size = 0
  for (const [index, input] of inputs.entries()) {
    const own = typeof input === 'string' ? Buffer.byteLength(input) : 0
    if (index > first && (index - first === most || size + own > bytes)) {
      parts.push(inputs.slice(first, index))
      first = index
      size = 0
    }
    size += own
  }
  parts.push(inputs.slice(first))
  return parts
}

/** Whoever has no embeddings is never asked for any: routing has left it out. */
function embeddingsAt({ provider: { embeddings, codec } }: EndpointPlace): UpstreamEmbeddings {
  return embeddings ?? clientEmbeddings(codec)
}

function clientEmbeddings({ embeddings, format }: Codec): EmbeddingCodec {
  if (embeddings !== undefined) return embeddings
  throw new GatewayError('endpoint_unsupported', `${format} has no embeddings.`)
}
