import type { Feature } from '../../ir/feature.ts'
import type { LlmRequest, ReasoningOptions, ResponseFormat } from '../../ir/request.ts'
import { requireObject } from '../wire-values.ts'
import { FieldReader } from './fields.ts'
import { jsonSchemaOf } from './openapi-schema.ts'

export type Paths = Partial<Record<Feature, string>>

const NUMBERS = [
  ['temperature', 'temperature', 'sampling.temperature'],
  ['topP', 'topP', 'sampling.top_p'],
  ['topK', 'topK', 'sampling.top_k'],
  ['seed', 'seed', 'sampling.seed'],
  ['presencePenalty', 'presencePenalty', 'sampling.presence_penalty'],
  ['frequencyPenalty', 'frequencyPenalty', 'sampling.frequency_penalty'],
  ['candidateCount', 'n', 'sampling.n'],
] as const

/** `generationConfig` into the request; its unread fields are returned. */
export function decodeGenerationConfig(value: unknown, path: string, request: LlmRequest, paths: Paths): FieldReader {
  const fields = new FieldReader(requireObject(value, path), path)
  for (const [name, target, feature] of NUMBERS) {
    const number = fields.number(name)
    if (number === undefined) continue
    request.sampling[target] = number
    paths[feature] = fields.pathOf(name)
  }
  const limit = fields.number('maxOutputTokens')
  if (limit !== undefined) {
    request.maxOutputTokens = limit
    paths.max_output_tokens = fields.pathOf('maxOutputTokens')
  }
  const stop = fields.strings('stopSequences')
  if (stop !== undefined) {
    request.sampling.stop = stop
    paths['sampling.stop'] = fields.pathOf('stopSequences')
  }
  readLogprobs(fields, request, paths)
  readModalities(fields, request, paths)
  readThinking(fields, request, paths)
  readFormat(fields, request, paths)
  readVendorFields(fields, request, paths)
  return fields
}

function readLogprobs(fields: FieldReader, { sampling }: LlmRequest, paths: Paths): void {
  const asked = fields.boolean('responseLogprobs')
  const top = fields.number('logprobs')
  if (asked !== undefined) sampling.logprobs = asked
  if (top !== undefined) sampling.topLogprobs = top
  if (asked === undefined && top === undefined) return
  // Two fields are one feature: with both, its place is the whole of the configuration.
  paths['sampling.logprobs'] =
    asked === undefined ? fields.pathOf('logprobs') : top === undefined ? fields.pathOf('responseLogprobs') : ''
}

/** Kinds of content are upper-case words here and lower-case ones everywhere else. */
function readModalities(fields: FieldReader, request: LlmRequest, paths: Paths): void {
  const modalities = fields.strings('responseModalities')
  if (modalities === undefined) return
  request.modalities = modalities.map((modality) => modality.toLowerCase())
  paths.modalities = fields.pathOf('responseModalities')
}

function readThinking(fields: FieldReader, request: LlmRequest, paths: Paths): void {
  const config = fields.record('thinkingConfig')
  if (config === undefined) return
  const thinking = new FieldReader(config, fields.pathOf('thinkingConfig'))
  const reasoning: ReasoningOptions = {}
  const budget = thinking.number('thinkingBudget')
  if (budget !== undefined) {
    reasoning.mode = budget === 0 ? 'disabled' : budget < 0 ? 'adaptive' : 'enabled'
    if (budget > 0) reasoning.budgetTokens = budget
    paths['reasoning.mode'] = paths['reasoning.budget'] = thinking.pathOf('thinkingBudget')
  }
  const level = thinking.string('thinkingLevel')
  if (level !== undefined) {
    reasoning.effort = level.toLowerCase()
    paths['reasoning.effort'] = thinking.pathOf('thinkingLevel')
  }
  const shown = thinking.boolean('includeThoughts')
  if (shown !== undefined) {
    reasoning.display = shown ? 'summarized' : 'omitted'
    paths['reasoning.display'] = thinking.pathOf('includeThoughts')
  }
  if (Object.keys(reasoning).length > 0) request.reasoning = reasoning
  fields.keepNested('thinkingConfig', thinking.extra())
}

/** JSON, with a schema of either dialect; types of media that only this format knows stay in its own words. */
function readFormat(fields: FieldReader, request: LlmRequest, paths: Paths): void {
  const type = fields.string('responseMimeType')
  const schema = fields.any('responseJsonSchema')
  const dialect = fields.any('responseSchema')
  if (type === undefined && schema === undefined && dialect === undefined) return
  const schemaPath = fields.pathOf(schema === undefined ? 'responseSchema' : 'responseJsonSchema')
  const format = formatOf(type, schema, dialect)
  request.responseFormat = format.type === 'json-schema' ? { ...format, schemaPath } : format
  paths['response_format.json'] = fields.pathOf('responseMimeType')
  paths['response_format.json_schema'] = schemaPath
  paths['response_format.raw'] = fields.path
}

function formatOf(type: string | undefined, schema: unknown, dialect: unknown): ResponseFormat {
  const hasSchema = schema !== undefined || dialect !== undefined
  if (type === 'text/plain' && !hasSchema) return { type: 'text' }
  if (type === 'application/json') {
    if (!hasSchema) return { type: 'json' }
    if (dialect === undefined) return { type: 'json-schema', schema }
    if (schema === undefined)
      return { type: 'json-schema', schema: jsonSchemaOf(dialect), dialect: { origin: 'gemini', schema: dialect } }
  }
  const raw = { responseMimeType: type, responseJsonSchema: schema, responseSchema: dialect }
  return { type: 'raw', origin: 'gemini', raw: JSON.parse(JSON.stringify(raw)) as unknown }
}

function readVendorFields(fields: FieldReader, request: LlmRequest, paths: Paths): void {
  for (const [name, field] of [
    ['mediaResolution', 'media_resolution'],
    ['speechConfig', 'speech_config'],
  ] as const) {
    const value = fields.any(name)
    if (value === undefined) continue
    request.vendor = { ...request.vendor, [field]: value }
    paths[`vendor.${field}`] = fields.pathOf(name)
  }
}
