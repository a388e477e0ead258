import { GatewayError } from '../../errors/gateway-error.ts'
import type { EmbeddingRequest } from '../../ir/embedding.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'
import type { Usage } from '../../ir/usage.ts'
import {
  badEmbeddings,
  cannotEmbed,
  isVector,
  reportPurpose,
  textsOf,
  unknownEmbedder,
  type UpstreamEmbeddings,
} from '../embedding-codec.ts'
import { Report } from '../report.ts'
import { embeddingFamilyOf, INPUT_TYPES, type EmbeddingFamily } from './families.data.ts'

const FORMAT = 'Bedrock'
/** Tells the usage of every `InvokeModel`. Cohere's answers tell it nowhere else. */
const INPUT_TOKENS = 'x-amzn-bedrock-input-token-count'

/** Embeddings by Bedrock's `InvokeModel`, where each vendor has a body of its own; their answers can be told apart. */
export const bedrockEmbeddings: UpstreamEmbeddings = {
  requestLimit: embeddingFamilyOf,
  encodeRequest(request, model) {
    const family = embeddingFamilyOf(model)
    if (family === undefined) throw unknownEmbedder(model, 'Titan Text Embeddings and Cohere Embed, by ids that name them')
    if (request.isMixed) throw cannotEmbed('Inputs with settings of their own', FORMAT)
    const report = new Report()
    const body = family.dialect === 'titan' ? titanBody(request, report) : cohereBody(request, report)
    return { value: { ...body, ...sizeOf(request, family, model) }, diagnostics: report.diagnostics }
  },
  decodeResponse(body, inputs) {
    if (!isObject(body)) throw badEmbeddings('JSON that holds no embeddings')
    const vectors = vectorsOf(body)
    if (vectors.length !== inputs) throw badEmbeddings(`${vectors.length} embeddings for ${inputs} inputs`)
    return { vectors, usage: usageOf(body['inputTextTokenCount']), model: undefined }
  },
  usageOfHeaders(headers) {
    const count = headers.get(INPUT_TOKENS)
    return count === null || count === '' ? undefined : usageOf(Number(count))
  },
}

/** Takes one text. Vectors have length 1, as those of OpenAI's models. */
function titanBody(request: EmbeddingRequest, report: Report): JsonObject {
  reportPurpose(request, report)
  const [inputText] = textsOf(request.inputs, FORMAT)
  return { inputText }
}

function cohereBody({ inputs, purpose }: EmbeddingRequest, report: Report): JsonObject {
  const known = purpose === undefined ? undefined : INPUT_TYPES[purpose.kind]
  if (purpose !== undefined && known === undefined)
    report.lost('extension', purpose.path, 'the model has no word for this purpose, and takes the inputs for documents')
  return { texts: textsOf(inputs, FORMAT), input_type: known ?? INPUT_TYPES.document, embedding_types: ['float'] }
}

function sizeOf({ dimensions }: EmbeddingRequest, family: EmbeddingFamily, model: string): JsonObject {
  if (typeof family.dimensions === 'number') {
    if (dimensions === undefined || dimensions === family.dimensions) return {}
    throw new GatewayError(
      'translation_refused',
      `${model} makes vectors of ${family.dimensions} numbers and no others. Leave the size out, or choose another model.`,
    )
  }
  return {
    ...(dimensions === undefined ? {} : { [family.dimensions]: dimensions }),
    ...(family.dialect === 'titan' ? { normalize: true } : {}),
  }
}

/** Of Titan one; of Cohere a list, or lists by the type of their numbers. */
function vectorsOf({ embedding, embeddings }: JsonObject): (readonly number[])[] {
  const list = embedding === undefined ? (isObject(embeddings) ? embeddings['float'] : embeddings) : [embedding]
  if (!Array.isArray(list)) throw badEmbeddings('JSON that holds no embeddings')
  return list.map((vector: unknown) => {
    if (isVector(vector)) return vector
    throw badEmbeddings('an embedding that is no list of numbers')
  })
}

/** An embedding has no output. */
const usageOf = (inputTokens: unknown): Usage | undefined =>
  typeof inputTokens === 'number' && Number.isSafeInteger(inputTokens) && inputTokens >= 0
    ? { inputTokens, outputTokens: 0 }
    : undefined
