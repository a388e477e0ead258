import { GatewayError } from '../errors/gateway-error.ts'
import type { EmbeddingInput, EmbeddingPurpose, EmbeddingResponse } from '../ir/embedding.ts'
import { isObject, type JsonObject } from '../ir/json.ts'
import type { Usage } from '../ir/usage.ts'
import { badEmbeddings, base64Of, cannotEmbed, isVector, reportPurpose, type EmbeddingCodec } from './embedding-codec.ts'
import { Report } from './report.ts'
import { escaped } from './schema-notes.ts'

/** Fields that have a place in the canonical form. */
const KNOWN: ReadonlySet<string> = new Set(['model', 'input', 'dimensions', 'encoding_format', 'user'])

/**
 * Words of the field that OpenAI's API lacks and others add to it. Sources: NVIDIA's embedding NIMs (`query`, `passage`), Cohere's Embed API
 * (the others).
 */
const PURPOSES: ReadonlyMap<unknown, EmbeddingPurpose> = new Map([
  ['query', 'query'],
  ['passage', 'document'],
  ['search_query', 'query'],
  ['search_document', 'document'],
  ['classification', 'classification'],
  ['clustering', 'clustering'],
])

/** `POST /v1/embeddings` of OpenAI, which the servers of both its formats have. */
export const openaiEmbeddings: EmbeddingCodec = {
  needsUsage: true,
  decodeRequest(body) {
    if (!isObject(body)) throw invalid('The body must be a JSON object with `model` and `input`.', '')
    const { model, dimensions, encoding_format: encoding = 'float' } = body
    if (typeof model !== 'string' || model === '') throw invalid('`model` must be the name of a model.', 'model')
    if (dimensions !== undefined && dimensions !== null && !(Number.isSafeInteger(dimensions) && Number(dimensions) > 0))
      throw invalid('`dimensions` must be a whole number above 0.', 'dimensions')
    if (encoding !== 'float' && encoding !== 'base64')
      throw invalid('`encoding_format` must be "float" or "base64".', 'encoding_format')
    const purpose = PURPOSES.get(body['input_type'])
    const report = new Report()
    for (const key of Object.keys(body))
      if (!KNOWN.has(key) && !(key === 'input_type' && purpose !== undefined))
        report.lost('extension', `/${escaped(key)}`, 'the upstream has no such field')
    if (body['user'] !== undefined) report.lost('user', '/user', 'the upstream takes no user')
    return {
      value: {
        model,
        inputs: inputsOf(body['input']),
        isBatch: true,
        dimensions: typeof dimensions === 'number' ? dimensions : undefined,
        purpose: purpose === undefined ? undefined : { kind: purpose, path: '/input_type' },
        encoding,
        isMixed: false,
      },
      diagnostics: report.diagnostics,
    }
  },
  encodeRequest(request, model) {
    const { inputs, dimensions, isMixed } = request
    if (isMixed) throw cannotEmbed('Inputs with settings of their own', 'openai')
    if (inputs.includes(undefined)) throw cannotEmbed('An input that is no text', 'openai')
    const report = new Report()
    reportPurpose(request, report)
    const size = dimensions === undefined ? {} : { dimensions }
    return { value: { model, input: [...inputs], encoding_format: 'float', ...size }, diagnostics: report.diagnostics }
  },
  decodeResponse(body, inputs): EmbeddingResponse {
    const data = isObject(body) ? body['data'] : undefined
    if (!isObject(body) || !Array.isArray(data)) throw badEmbeddings('JSON that holds no embeddings')
    const vectors = inOrder(data).map((entry): readonly number[] | string => {
      const vector = entry['embedding']
      if (typeof vector === 'string' || isVector(vector)) return vector
      throw badEmbeddings('an embedding that is no list of numbers')
    })
    if (vectors.length !== inputs) throw badEmbeddings(`${vectors.length} embeddings for ${inputs} inputs`)
    return {
      vectors,
      usage: isObject(body['usage']) ? usageOf(body['usage']) : undefined,
      model: typeof body['model'] === 'string' ? body['model'] : undefined,
    }
  },
  encodeResponse({ vectors, usage }, { model, request, estimatedInputTokens }) {
    const tokens = usage?.inputTokens ?? estimatedInputTokens
    return {
      object: 'list',
      data: vectors.map((vector, index) => ({
        object: 'embedding',
        index,
        embedding: request.encoding === 'base64' ? base64Of(vector) : vector,
      })),
      model,
      usage: { prompt_tokens: tokens, total_tokens: tokens },
    }
  },
}

const invalid = (message: string, param: string): GatewayError =>
  new GatewayError('invalid_body', message, param === '' ? {} : { param })

function inputsOf(input: unknown): EmbeddingInput[] {
  if (typeof input === 'string') return [input]
  if (Array.isArray(input) && input.length > 0) {
    if (input.every((entry) => typeof entry === 'string')) return input
    if (isTokens(input)) return [input]
    if (input.every(isTokens)) return input
  }
  throw invalid('`input` must be a text, a list of texts, a list of token numbers, or a list of such lists.', 'input')
}

const isTokens = (value: unknown): value is number[] =>
  Array.isArray(value) && value.length > 0 && value.every((token) => Number.isSafeInteger(token) && Number(token) >= 0)

/** Entries by their index, where they have one. */
function inOrder(data: readonly unknown[]): JsonObject[] {
  const entries = data.map((entry) => (isObject(entry) ? entry : {}))
  const placed = entries.every(({ index }) => typeof index === 'number')
  return placed ? entries.toSorted((left, right) => Number(left['index']) - Number(right['index'])) : entries
}

/** An embedding has no output; some servers tell only the total. */
function usageOf(usage: JsonObject): Usage | undefined {
  const tokens = [usage['prompt_tokens'], usage['total_tokens']].find(
    (count) => Number.isSafeInteger(count) && Number(count) >= 0,
  )
  return typeof tokens === 'number' ? { inputTokens: tokens, outputTokens: 0, raw: usage } : undefined
}
