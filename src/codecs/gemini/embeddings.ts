import { GatewayError } from '../../errors/gateway-error.ts'
import type { EmbeddingInput, EmbeddingResponse } from '../../ir/embedding.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'
import type { Usage } from '../../ir/usage.ts'
import { badEmbeddings, cannotEmbed, isVector, numbersOf, type EmbeddingCodec } from '../embedding-codec.ts'
import { Report } from '../report.ts'
import { escaped } from '../schema-notes.ts'
import { resourceName } from './model-name.ts'
import { decodeUsage, encodeUsage } from './usage.ts'

const KNOWN: ReadonlySet<string> = new Set(['model', 'content', 'outputDimensionality', 'output_dimensionality'])

/** Gemini's `embedContent` and `batchEmbedContents`. */
export const geminiEmbeddings: EmbeddingCodec = {
  needsUsage: false,
  decodeRequest(body, address) {
    if (!isObject(body)) throw invalid('The body must be a JSON object.', '')
    const isBatch = address?.isBatch === true
    const requests = isBatch ? body['requests'] : [body]
    if (!Array.isArray(requests) || requests.length === 0) throw invalid('`requests` must be a list of requests.', 'requests')
    const report = new Report()
    const inputs = requests.map((request: unknown, index) => inputOf(request, isBatch ? `requests[${index}].` : ''))
    const settings = requests.filter(isObject).map(settingsOf)
    for (const [index, request] of requests.entries())
      for (const key of Object.keys(isObject(request) ? request : {}))
        if (!KNOWN.has(key))
          report.lost('extension', `${isBatch ? `/requests/${index}` : ''}/${escaped(key)}`, 'the upstream has no such field')
    return {
      value: {
        model: address?.model ?? '',
        inputs,
        isBatch,
        dimensions: settings[0],
        encoding: 'float',
        isMixed: settings.some((dimensions) => dimensions !== settings[0]),
      },
      diagnostics: report.diagnostics,
    }
  },
  encodeRequest({ inputs, dimensions }, model) {
    const requests = inputs.map((input): JsonObject => {
      if (typeof input !== 'string') throw cannotEmbed('A list of token numbers', 'gemini')
      const content = { parts: [{ text: input }] }
      return { model: resourceName(model), content, ...(dimensions === undefined ? {} : { outputDimensionality: dimensions }) }
    })
    return { requests }
  },
  decodeResponse(body, inputs): EmbeddingResponse {
    const list = isObject(body) ? (body['embeddings'] ?? [body['embedding']]) : undefined
    if (!isObject(body) || !Array.isArray(list)) throw badEmbeddings('JSON that holds no embeddings')
    const vectors = list.map((entry: unknown) => {
      const values = isObject(entry) ? entry['values'] : undefined
      if (isVector(values)) return values
      throw badEmbeddings('an embedding that is no list of numbers')
    })
    if (vectors.length !== inputs) throw badEmbeddings(`${vectors.length} embeddings for ${inputs} inputs`)
    return { vectors, usage: usageOf(body['usageMetadata']), model: undefined }
  },
  encodeResponse({ vectors, usage }, { request }) {
    const entries = vectors.map((vector) => ({ values: numbersOf(vector) }))
    const told = usage === undefined ? {} : { usageMetadata: encodeUsage(usage) }
    return request.isBatch ? { embeddings: entries, ...told } : { embedding: entries[0] ?? { values: [] }, ...told }
  },
  renamed(body, model) {
    if (!isObject(body) || !Array.isArray(body['requests'])) return undefined
    const requests = body['requests'].map((request: unknown) =>
      isObject(request) ? { ...request, model: resourceName(model) } : request,
    )
    return { ...body, requests }
  },
}

const invalid = (message: string, param: string): GatewayError =>
  new GatewayError('invalid_body', message, param === '' ? {} : { param })

/** The text of a content; undefined when it holds something else. */
function inputOf(request: unknown, at: string): EmbeddingInput {
  const content = isObject(request) ? request['content'] : undefined
  const parts: unknown = typeof content === 'string' ? [{ text: content }] : isObject(content) ? content['parts'] : content
  const list = Array.isArray(parts) ? parts : [parts]
  if (parts === undefined || list.length === 0 || !list.every(isObject))
    throw invalid(`\`${at}content\` must be a content with parts.`, `${at}content`)
  const texts = list.map(({ text }) => text)
  return texts.every((text) => typeof text === 'string') ? texts.join('') : undefined
}

function settingsOf(request: JsonObject): number | undefined {
  const dimensions = request['outputDimensionality'] ?? request['output_dimensionality']
  if (dimensions === undefined) return undefined
  if (typeof dimensions === 'number' && Number.isSafeInteger(dimensions) && dimensions > 0) return dimensions
  throw invalid('`outputDimensionality` must be a whole number above 0.', 'outputDimensionality')
}

/** An embedding has no output. */
function usageOf(value: unknown): Usage | undefined {
  const usage = decodeUsage(value)
  return usage?.inputTokens === undefined ? undefined : { ...usage, outputTokens: usage.outputTokens ?? 0 }
}
