import type { Feature } from '../../ir/feature.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'
import type { ResponseFormat } from '../../ir/request.ts'
import { fieldPath, type EncodeContext } from './encode-context.ts'
import { fittedSchema } from './fitted-schema.ts'
import { encodeThinking } from './thinking-encoder.ts'

/** The API takes no more. Source: the vendor's reference of `GenerationConfig`. */
const MOST_STOP_SEQUENCES = 5
/** Seeds are 32-bit numbers. */
const LARGEST_SEED = 2 ** 31
const MODALITIES: ReadonlySet<string> = new Set(['text', 'image'])

export interface EncodedConfig {
  readonly config: JsonObject
  /** An instruction that stands for what the model cannot be asked in a field. */
  readonly instruction: string | undefined
}

/** `generationConfig`. `hasFunctions` matters to models that answer in JSON only without them. */
export function encodeGenerationConfig(hasFunctions: boolean, context: EncodeContext): EncodedConfig {
  const config: JsonObject = {}
  encodeSampling(config, context)
  encodeLimit(config, context)
  encodeModalities(config, context)
  encodeThinking(config, context)
  const instruction = encodeFormat(config, hasFunctions, context)
  const { vendor } = context.request
  if (vendor?.media_resolution !== undefined) config['mediaResolution'] = vendor.media_resolution
  if (vendor?.speech_config !== undefined) config['speechConfig'] = vendor.speech_config
  return { config, instruction }
}

const NUMBERS = [
  ['temperature', 'temperature', 'sampling.temperature'],
  ['topP', 'topP', 'sampling.top_p'],
  ['topK', 'topK', 'sampling.top_k'],
] as const

function encodeSampling(config: JsonObject, context: EncodeContext): void {
  const { sampling } = context.request
  const { report } = context
  for (const [key, field, feature] of NUMBERS) {
    if (sampling[key] === undefined) continue
    if (context.target.facts.sampling === false && !context.isNative)
      report.edited(feature, fieldPath(context, feature), 'the model takes no sampling controls')
    else config[field] = sampling[key]
  }
  if (sampling.n !== undefined) config['candidateCount'] = sampling.n
  if (sampling.presencePenalty !== undefined) config['presencePenalty'] = sampling.presencePenalty
  if (sampling.frequencyPenalty !== undefined) config['frequencyPenalty'] = sampling.frequencyPenalty
  if (sampling.logprobs !== undefined) config['responseLogprobs'] = sampling.logprobs
  if (sampling.topLogprobs !== undefined) config['logprobs'] = sampling.topLogprobs
  if (sampling.logitBias !== undefined)
    report.lost('sampling.logit_bias', fieldPath(context, 'sampling.logit_bias'), 'the format has no such sampling control')
  encodeSeed(config, context)
  encodeStop(config, context)
}

function encodeSeed(config: JsonObject, context: EncodeContext): void {
  const { seed } = context.request.sampling
  if (seed === undefined) return
  const isSmall = Number.isInteger(seed) && Math.abs(seed) < LARGEST_SEED
  if (!isSmall && !context.isNative)
    context.report.rewritten('sampling.seed', fieldPath(context, 'sampling.seed'), 'a seed has 32 bits here')
  config['seed'] = isSmall || context.isNative ? seed : Math.trunc(seed) % LARGEST_SEED
}

function encodeStop(config: JsonObject, context: EncodeContext): void {
  const { stop } = context.request.sampling
  if (stop === undefined) return
  if (stop.length > MOST_STOP_SEQUENCES && !context.isNative)
    context.report.edited('sampling.stop', fieldPath(context, 'sampling.stop'), 'only the first five stop sequences are sent')
  config['stopSequences'] = context.isNative ? stop : stop.slice(0, MOST_STOP_SEQUENCES)
}

function encodeLimit(config: JsonObject, context: EncodeContext): void {
  const wanted = context.request.maxOutputTokens
  if (wanted === undefined) return
  const known = context.target.facts.maxOutputTokens
  if (known !== undefined && wanted > known)
    context.report.rewritten('max_output_tokens', fieldPath(context, 'max_output_tokens'), "the limit is above the model's own")
  config['maxOutputTokens'] = known === undefined ? wanted : Math.min(wanted, known)
}

/** Audio of other formats comes with a voice of theirs; only text and images mean the same. */
function encodeModalities(config: JsonObject, context: EncodeContext): void {
  const { modalities } = context.request
  if (modalities === undefined) return
  if (!context.isNative && !modalities.every((modality) => MODALITIES.has(modality)))
    context.report.lost('modalities', fieldPath(context, 'modalities'), 'the format cannot answer in this kind of content')
  else config['responseModalities'] = modalities.map((modality) => modality.toUpperCase())
}

/** Returns an instruction where the kind of the answer cannot be told otherwise. */
function encodeFormat(config: JsonObject, hasFunctions: boolean, context: EncodeContext): string | undefined {
  const format = context.request.responseFormat
  if (format === undefined) return undefined
  if (format.type === 'raw') return encodeRaw(config, format, context)
  if (format.type === 'text') {
    if (context.isNative) config['responseMimeType'] = 'text/plain'
    return undefined
  }
  const feature: Feature = format.type === 'json' ? 'response_format.json' : 'response_format.json_schema'
  if (hasFunctions && !context.isNative && !context.family.jsonBesideFunctions) {
    const path = fieldPath(context, feature)
    context.report.rewritten(feature, path, 'the model answers in JSON only without functions, so it is told to do so in words')
    const schema = format.type === 'json' ? '' : ` It has to fit this JSON Schema: ${JSON.stringify(format.schema)}`
    return `When you do not call a function, answer with a JSON object and nothing else.${schema}`
  }
  config['responseMimeType'] = 'application/json'
  if (format.type === 'json-schema') encodeSchema(config, format, context)
  return undefined
}

function encodeSchema(
  config: JsonObject,
  format: Extract<ResponseFormat, { type: 'json-schema' }>,
  context: EncodeContext,
): void {
  const path = fieldPath(context, 'response_format.json_schema')
  if (format.dialect?.origin === 'gemini') {
    config['responseSchema'] = format.dialect.schema
    return
  }
  const isOpenApi = context.target.quirks.openApiSchemas === true
  const field = isOpenApi ? 'responseSchema' : 'responseJsonSchema'
  if (context.isNative && !isOpenApi) config[field] = format.schema
  else if (isObject(format.schema))
    config[field] = fittedSchema(format.schema, 'response_format.json_schema', () => path, context)
  else context.report.edited('response_format.json_schema', path, 'the answer has no schema')
  if (format.name !== undefined || format.description !== undefined || format.strict !== undefined)
    context.report.rewritten('response_format.json_schema', path, 'the format knows the schema of an answer only')
}

function encodeRaw(config: JsonObject, format: Extract<ResponseFormat, { type: 'raw' }>, context: EncodeContext): undefined {
  if (format.origin === 'gemini' && isObject(format.raw)) Object.assign(config, format.raw)
  else context.report.lost('response_format.raw', fieldPath(context, 'response_format.raw'), 'the answer format is unknown')
  return undefined
}
