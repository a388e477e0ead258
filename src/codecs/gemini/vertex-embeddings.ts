import type { EmbeddingRequest, EmbeddingResponse } from '../../ir/embedding.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'
import { badEmbeddings, cannotEmbed, isVector, textsOf, unknownEmbedder, type UpstreamEmbeddings } from '../embedding-codec.ts'
import { embeddingUsage } from './embeddings.ts'
import { TASK_TYPES } from './embedding-tasks.data.ts'
import { vertexEmbeddingModel } from './vertex-embedding-models.data.ts'

const FORMAT = 'Vertex AI'

/** Embeddings of Vertex AI: `:predict` for its text models, `:embedContent` for newer ones. An input that is too long is an error, not cut. */
export const vertexEmbeddings: UpstreamEmbeddings = {
  requestLimit: vertexEmbeddingModel,
  encodeRequest(request, model) {
    const known = vertexEmbeddingModel(model)
    if (known === undefined)
      throw unknownEmbedder(model, 'text-embedding-…, text-multilingual-embedding-… and gemini-embedding-…')
    if (request.isMixed) throw cannotEmbed('Inputs with settings of their own', FORMAT)
    return { value: known.verb === 'predict' ? predictBody(request) : embedContentBody(request), diagnostics: [] }
  },
  decodeResponse(body, inputs) {
    if (!isObject(body)) throw badEmbeddings('JSON that holds no embeddings')
    const answer = Array.isArray(body['predictions']) ? predicted(body['predictions']) : embedded(body)
    if (answer.vectors.length !== inputs) throw badEmbeddings(`${answer.vectors.length} embeddings for ${inputs} inputs`)
    return answer
  },
}

function predictBody({ inputs, dimensions, purpose }: EmbeddingRequest): JsonObject {
  const task = purpose === undefined ? {} : { task_type: TASK_TYPES[purpose.kind] }
  return {
    instances: textsOf(inputs, FORMAT).map((content) => ({ content, ...task })),
    parameters: { autoTruncate: false, ...sizeOf(dimensions) },
  }
}

function embedContentBody({ inputs, dimensions, purpose }: EmbeddingRequest): JsonObject {
  const task = purpose === undefined ? {} : { taskType: TASK_TYPES[purpose.kind] }
  return {
    content: { parts: textsOf(inputs, FORMAT).map((text) => ({ text })) },
    embedContentConfig: { autoTruncate: false, ...task, ...sizeOf(dimensions) },
  }
}

const sizeOf = (dimensions: number | undefined): JsonObject =>
  dimensions === undefined ? {} : { outputDimensionality: dimensions }

function predicted(predictions: readonly unknown[]): EmbeddingResponse {
  const embeddings = predictions.map((prediction) => (isObject(prediction) ? prediction['embeddings'] : undefined))
  const counts = embeddings.map((embedding) => {
    const statistics = isObject(embedding) ? embedding['statistics'] : undefined
    return isObject(statistics) ? statistics['token_count'] : undefined
  })
  const isTold = counts.every((count) => typeof count === 'number' && Number.isSafeInteger(count) && count >= 0)
  const inputTokens = counts.reduce<number>((sum, count) => sum + Number(count), 0)
  return {
    vectors: embeddings.map(valuesOf),
    usage: isTold ? { inputTokens, outputTokens: 0 } : undefined,
    model: undefined,
  }
}

const embedded = (body: JsonObject): EmbeddingResponse => ({
  vectors: [valuesOf(body['embedding'])],
  usage: embeddingUsage(body['usageMetadata']),
  model: undefined,
})

function valuesOf(embedding: unknown): readonly number[] {
  const values = isObject(embedding) ? embedding['values'] : undefined
  if (isVector(values)) return values
  throw badEmbeddings('an embedding that is no list of numbers')
}
