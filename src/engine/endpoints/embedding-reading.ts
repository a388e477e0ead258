import type { EmbeddingCodec, UpstreamEmbeddings } from '../../codecs/embedding-codec.ts'
import type { EmbeddingRequest, EmbeddingResponse } from '../../ir/embedding.ts'
import type { ClientHeaders } from '../attempt-result.ts'
import { StreamFacts } from '../stream-facts.ts'
import { parseJson, shownModel } from '../whole-answer.ts'
import type { EndpointPlace, JoinedReading, WholeReading } from './endpoint-use.ts'

export interface EmbeddingReadingOptions {
  readonly place: EndpointPlace
  readonly upstream: UpstreamEmbeddings
  /** The client's. */
  readonly client: EmbeddingCodec
  readonly request: EmbeddingRequest
  /** How many inputs each request to the upstream holds. */
  readonly sizes: readonly number[]
  readonly estimatedInputTokens: number
}

/** Reads the answers to the requests of one attempt, and makes one of them. */
export class EmbeddingReading implements JoinedReading {
  readonly kind = 'joined'
  readonly facts = new StreamFacts()
  private readonly options: EmbeddingReadingOptions
  private readonly answers: EmbeddingResponse[] = []
  private text = ''
  /** An answer told no usage, so that nobody knows the whole of it. */
  private isUntold = false

  constructor(options: EmbeddingReadingOptions) {
    this.options = options
    this.facts.semantic = true
  }

  take(index: number, text: string, headers: Headers): void {
    const { place, upstream, sizes } = this.options
    const json = parseJson(text, place)
    const failure = place.provider.codec.inspectResponse(json).error
    if (failure !== undefined) throw place.provider.classifyInBand(failure)
    const answer = upstream.decodeResponse(json, sizes[index] ?? 0)
    this.answers[index] = answer
    this.text = text
    this.facts.model = answer.model
    this.count(answer.usage ?? upstream.usageOfHeaders?.(headers))
  }

  join(): WholeReading {
    const { place, upstream, client, request, estimatedInputTokens } = this.options
    const { route, target, provider } = place
    const { facts, answers } = this
    facts.ended = true
    if (this.isUntold) facts.usage = undefined
    const vectors = answers.flatMap((answer) => answer.vectors)
    const isShownAsItIs = request.encoding === 'float' || vectors.every((vector) => typeof vector === 'string')
    if (upstream === client && answers.length === 1 && isShownAsItIs)
      return { body: shownModel(this.text, facts.model, { call: request, route, provider }), facts }
    const { usage } = facts
    const model = route.responseModel === 'requested' ? request.model : target.model
    const body = JSON.stringify(
      client.encodeResponse({ vectors, usage, model: facts.model }, { model, request, estimatedInputTokens }),
    )
    return client.needsUsage && usage === undefined ? { body, facts, headers: ESTIMATED } : { body, facts }
  }

  private count(usage: EmbeddingResponse['usage']): void {
    const { facts } = this
    if (usage === undefined) this.isUntold = true
    else if (facts.usage === undefined) facts.usage = usage
    else
      facts.usage = {
        inputTokens: (facts.usage.inputTokens ?? 0) + (usage.inputTokens ?? 0),
        outputTokens: (facts.usage.outputTokens ?? 0) + (usage.outputTokens ?? 0),
      }
  }
}

const ESTIMATED: ClientHeaders = [['x-switchback-estimated', 'true']]
