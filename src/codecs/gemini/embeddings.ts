import { GatewayError } from '../../errors/gateway-error.ts'
import type { EmbeddingInput, EmbeddingPurpose, EmbeddingResponse } from '../../ir/embedding.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'
import type { Usage } from '../../ir/usage.ts'
import { badEmbeddings, isVector, numbersOf, textsOf, type EmbeddingCodec } from '../embedding-codec.ts'
import { Report } from '../report.ts'
import { escaped } from '../schema-notes.ts'
import { purposeOf, TASK_TYPES } from './embedding-tasks.data.ts'
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
        if (!KNOWN.has(key) && !(TASK_MEMBERS.has(key) && settings[index]?.task !== undefined))
          report.lost('extension', `${isBatch ? `/requests/${index}` : ''}/${escaped(key)}`, 'the upstream has no such field')
    const [{ dimensions, task } = NO_SETTINGS] = settings
    return {
      value: {
        model: address?.model ?? '',
        inputs,
        isBatch,
        dimensions,
        purpose: task === undefined ? undefined : { kind: task, path: `${isBatch ? '/requests/0' : ''}/taskType` },
        encoding: 'float',
        isMixed: settings.some((own) => own.dimensions !== dimensions || own.task !== task),
      },
      diagnostics: report.diagnostics,
    }
  },
  encodeRequest({ inputs, dimensions, purpose }, model) {
    const settings: JsonObject = {}
    if (purpose !== undefined) settings['taskType'] = TASK_TYPES[purpose.kind]
    if (dimensions !== undefined) settings['outputDimensionality'] = dimensions
    const requests = textsOf(inputs, 'gemini').map((text) => ({
      model: resourceName(model),
      content: { parts: [{ text }] },
      ...settings,
    }))
    return { value: { requests }, diagnostics: [] }
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
    return { vectors, usage: embeddingUsage(body['usageMetadata']), model: undefined }
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

const TASK_MEMBERS: ReadonlySet<string> = new Set(['taskType', 'task_type'])

interface InputSettings {
  readonly dimensions: number | undefined
  readonly task: EmbeddingPurpose | undefined
}
const NO_SETTINGS: InputSettings = { dimensions: undefined, task: undefined }

function settingsOf(request: JsonObject): InputSettings {
  const dimensions = request['outputDimensionality'] ?? request['output_dimensionality']
  const task = purposeOf(request['taskType'] ?? request['task_type'])
  if (dimensions === undefined) return { dimensions, task }
  if (typeof dimensions === 'number' && Number.isSafeInteger(dimensions) && dimensions > 0) return { dimensions, task }
  throw invalid('`outputDimensionality` must be a whole number above 0.', 'outputDimensionality')
}

/** An embedding has no output. */
export function embeddingUsage(value: unknown): Usage | undefined {
  const usage = decodeUsage(value)
  return usage?.inputTokens === undefined ? undefined : { ...usage, outputTokens: usage.outputTokens ?? 0 }
}
