import type { EmbeddingCodec } from '../../codecs/embedding-codec.ts'
import type { Codec } from '../../codecs/codec.ts'
import { GatewayError } from '../../errors/gateway-error.ts'
import type { Diagnostic, Translated } from '../../ir/diagnostic.ts'
import type { Offer } from '../../ir/endpoint.ts'
import type { EmbeddingRequest, EmbeddingResponse } from '../../ir/embedding.ts'
import type { EndpointNeed } from '../../ir/question.ts'
import type { UpstreamBody } from '../../providers/provider.types.ts'
import type { ClientHeaders } from '../attempt-result.ts'
import { refuseLosses } from '../attempt.ts'
import type { RequestBody } from '../engine.ts'
import { passthroughBody, translatedBody } from '../request-body.ts'
import { StreamFacts } from '../stream-facts.ts'
import { parseJson, shownModel } from '../whole-answer.ts'
import type { EndpointPlace, EndpointReading, EndpointUse, PreparedEndpoint, WholeReading } from './endpoint-use.ts'

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
    const { provider, target, account, route } = place
    const { codec, decoded, headers } = this.options
    const passes = embeddingsOf(provider.codec) === embeddingsOf(codec)
    const { diagnostics, refusals, body } = passes ? this.passed(place) : this.translated(place)
    if (route.translation === 'strict') refuseLosses(target, diagnostics)
    const request = provider.buildRequest({
      operation: passes && !decoded.value.isBatch ? 'embed' : 'embed-batch',
      model: target.model,
      body,
      account,
      stream: false,
      clientHeaders: headers,
      clientFormat: codec.format,
    })
    return { request, refusals, diagnostics }
  }

  reading(place: EndpointPlace): EndpointReading {
    return { kind: 'whole', read: (text) => this.read(text, place) }
  }

  private passed({ provider, target }: EndpointPlace): Prepared {
    const { codec, value, body } = this.options
    const renamed = embeddingsOf(codec).renamed?.(value, target.model)
    if (renamed !== undefined) return { body: translatedBody(renamed, body), refusals: ['nested_model'], diagnostics: [] }
    const model = provider.codec.passthrough.modelInBody?.(target.model) ?? target.model
    return { body: passthroughBody(body, { model, addStreamUsage: false }), refusals: [], diagnostics: [] }
  }

  private translated({ provider, target }: EndpointPlace): Prepared {
    const { decoded, body } = this.options
    const encoded = embeddingsOf(provider.codec).encodeRequest(decoded.value, target.model)
    return { body: translatedBody(encoded, body), refusals: ['format_differs'], diagnostics: decoded.diagnostics }
  }

  private read(text: string, place: EndpointPlace): WholeReading {
    const { provider, route, target } = place
    const { codec, decoded, estimatedInputTokens } = this.options
    const request = decoded.value
    const json = parseJson(text, place)
    const failure = provider.codec.inspectResponse(json).error
    if (failure !== undefined) throw provider.classifyInBand(failure)
    const answer = embeddingsOf(provider.codec).decodeResponse(json, request.inputs.length)
    const facts = factsOf(answer)
    const isSameFormat = embeddingsOf(provider.codec) === embeddingsOf(codec)
    if (isSameFormat && (request.encoding === 'float' || answer.vectors.every((vector) => typeof vector === 'string')))
      return { body: shownModel(text, answer.model, { call: request, route, provider }), facts }
    const model = route.responseModel === 'requested' ? request.model : target.model
    const encoder = embeddingsOf(codec)
    const body = JSON.stringify(encoder.encodeResponse(answer, { model, request, estimatedInputTokens }))
    return encoder.needsUsage && answer.usage === undefined ? { body, facts, headers: ESTIMATED } : { body, facts }
  }
}

const ESTIMATED: ClientHeaders = [['x-switchback-estimated', 'true']]

interface Prepared {
  readonly body: UpstreamBody
  readonly refusals: readonly string[]
  readonly diagnostics: readonly Diagnostic[]
}

/** Whoever has no embeddings is never asked for any: routing has left it out. */
function embeddingsOf({ embeddings, format }: Codec): EmbeddingCodec {
  if (embeddings === undefined)
    throw new GatewayError('endpoint_unsupported', `Upstreams that speak ${format} have no embeddings.`)
  return embeddings
}

function factsOf({ usage, model }: EmbeddingResponse): StreamFacts {
  const facts = new StreamFacts()
  facts.semantic = true
  facts.ended = true
  facts.usage = usage
  facts.model = model
  return facts
}
