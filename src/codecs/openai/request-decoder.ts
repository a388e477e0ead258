import type { Translated } from '../../ir/diagnostic.ts'
import type { Feature } from '../../ir/feature.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'
import type { LlmRequest, ReasoningOptions, ResponseFormat, SamplingOptions, VendorField } from '../../ir/request.ts'
import type { ToolChoice, ToolDefinition } from '../../ir/tool.ts'
import { Report } from '../report.ts'
import { FieldReader, invalidBody } from './fields.ts'
import { MessageDecoder } from './message-decoder.ts'
import { decodeFunctionCallChoice, decodeFunctions, decodeToolChoice, decodeTools } from './tool-decoder.ts'

/** Where this format keeps the features of the top level. */
const PATHS: Partial<Record<Feature, string>> = {
  'tool_choice.required': '/tool_choice',
  'tool_choice.named': '/tool_choice',
  'tool_choice.allowed': '/tool_choice',
  'tool_choice.validated': '/tool_choice',
  'tool_choice.raw': '/tool_choice',
  parallel_tool_calls: '/parallel_tool_calls',
  'response_format.json': '/response_format',
  'response_format.json_schema': '/response_format',
  'response_format.raw': '/response_format',
  verbosity: '/verbosity',
  modalities: '/modalities',
  audio_output: '/audio',
  prediction: '/prediction',
  'sampling.temperature': '/temperature',
  'sampling.top_p': '/top_p',
  'sampling.top_k': '/top_k',
  'sampling.seed': '/seed',
  'sampling.frequency_penalty': '/frequency_penalty',
  'sampling.presence_penalty': '/presence_penalty',
  'sampling.stop': '/stop',
  'sampling.n': '/n',
  'sampling.logit_bias': '/logit_bias',
  'reasoning.mode': '/reasoning_effort',
  'reasoning.effort': '/reasoning_effort',
  'state.store': '/store',
  service_tier: '/service_tier',
  safety_identifier: '/safety_identifier',
  prompt_cache_key: '/prompt_cache_key',
  prompt_cache_retention: '/prompt_cache_retention',
  metadata: '/metadata',
  user: '/user',
  'vendor.web_search_options': '/web_search_options',
  'vendor.stream_options': '/stream_options',
  'vendor.moderation': '/moderation',
}

/** Decodes the body of `POST /v1/chat/completions`. */
export function decodeRequest(body: unknown): Translated<LlmRequest> {
  if (!isObject(body)) throw invalidBody('the body must be a JSON object', 'body')
  const report = new Report()
  const fields = new FieldReader(body)
  const model = fields.string('model')
  if (model === undefined || model === '') throw invalidBody('model must be a string', 'model')
  const messages = fields.array('messages')
  if (messages === undefined) throw invalidBody('messages must be a list', 'messages')
  const decoder = new MessageDecoder()
  const request: LlmRequest = {
    origin: 'openai',
    model,
    messages: messages.map((message, index) => decoder.decode(message, index)),
    sampling: decodeSampling(fields),
    stream: fields.boolean('stream') ?? false,
  }
  request.paths = decodeMaxTokens(fields, request, report)
  readTools(fields, request)
  const reasoning = decodeReasoningOptions(fields)
  if (reasoning !== undefined) request.reasoning = reasoning
  const format = fields.any('response_format')
  if (format !== undefined) request.responseFormat = decodeResponseFormat(format)
  readScalars(fields, request)
  readVendor(fields, request)
  const extra = fields.extra()
  if (extra !== undefined) request.extra = extra
  return { value: request, diagnostics: report.diagnostics }
}

function decodeSampling(fields: FieldReader): SamplingOptions {
  const sampling: SamplingOptions = {}
  set(sampling, 'temperature', fields.number('temperature'))
  set(sampling, 'topP', fields.number('top_p'))
  set(sampling, 'topK', fields.number('top_k'))
  set(sampling, 'seed', fields.number('seed'))
  set(sampling, 'frequencyPenalty', fields.number('frequency_penalty'))
  set(sampling, 'presencePenalty', fields.number('presence_penalty'))
  const stop = fields.string('stop')
  set(sampling, 'stop', stop === undefined ? fields.strings('stop') : [stop])
  set(sampling, 'n', fields.number('n'))
  set(sampling, 'logprobs', fields.boolean('logprobs'))
  set(sampling, 'topLogprobs', fields.number('top_logprobs'))
  const bias = fields.record('logit_bias')
  if (bias !== undefined && Object.values(bias).every((value) => typeof value === 'number'))
    sampling.logitBias = bias as Record<string, number>
  else if (bias !== undefined) fields.release('logit_bias')
  return sampling
}

/** Both names of the limit may be given; the newer one counts. Returns the paths of this body. */
function decodeMaxTokens(fields: FieldReader, request: LlmRequest, report: Report): Partial<Record<Feature, string>> {
  const newer = fields.number('max_completion_tokens')
  const older = fields.number('max_tokens')
  const limit = newer ?? older
  if (limit !== undefined) request.maxOutputTokens = limit
  if (newer !== undefined && older !== undefined && newer !== older) {
    report.rewritten('max_output_tokens', '/max_tokens', 'max_completion_tokens counts, max_tokens was left out')
  }
  // Two fields, one feature: with both given, their place is the whole body.
  const { logprobs: wanted, topLogprobs } = request.sampling
  const logprobs = topLogprobs === undefined ? '/logprobs' : wanted === undefined ? '/top_logprobs' : ''
  return {
    ...PATHS,
    max_output_tokens: newer === undefined ? '/max_tokens' : '/max_completion_tokens',
    'sampling.logprobs': logprobs,
  }
}

function readTools(fields: FieldReader, request: LlmRequest): void {
  const tools: ToolDefinition[] = decodeTools(fields.array('tools') ?? [])
  const functions = fields.array('functions')
  if (functions !== undefined) tools.push(...decodeFunctions(functions))
  if (tools.length > 0) request.tools = tools
  const choice = readToolChoice(fields, request)
  if (choice !== undefined) request.toolChoice = choice
  const parallel = fields.boolean('parallel_tool_calls')
  if (parallel !== undefined) request.parallelToolCalls = parallel
}

function readToolChoice(fields: FieldReader, request: LlmRequest): ToolChoice | undefined {
  const choice = fields.any('tool_choice')
  if (choice !== undefined) return decodeToolChoice(choice)
  const functionCall = fields.any('function_call')
  if (functionCall === undefined) return undefined
  const decoded = decodeFunctionCallChoice(functionCall)
  // The older field has its own place.
  const feature: Feature = decoded.type === 'auto' || decoded.type === 'none' ? 'tool_choice.raw' : `tool_choice.${decoded.type}`
  request.paths = { ...request.paths, [feature]: '/function_call' }
  return decoded
}

/** `none` is kept as the effort too, so that it is told from another format's "no thinking". */
function decodeReasoningOptions(fields: FieldReader): ReasoningOptions | undefined {
  const effort = fields.string('reasoning_effort')
  if (effort === undefined) return undefined
  return effort === 'none' ? { mode: 'disabled', effort } : { effort }
}

function decodeResponseFormat(format: unknown): ResponseFormat {
  const raw: ResponseFormat = { type: 'raw', origin: 'openai', raw: format }
  if (!isObject(format)) return raw
  const keys = Object.keys(format).length
  if (format['type'] === 'text' && keys === 1) return { type: 'text' }
  if (format['type'] === 'json_object' && keys === 1) return { type: 'json' }
  const schema = format['json_schema']
  if (format['type'] !== 'json_schema' || keys !== 2 || !isObject(schema)) return raw
  return decodeJsonSchema(schema) ?? raw
}

/** Undefined when the object holds more than the canonical form models. */
function decodeJsonSchema(fields: JsonObject): ResponseFormat | undefined {
  const { name, description, schema, strict, ...rest } = fields
  if (Object.keys(rest).length > 0 || typeof name !== 'string' || schema === undefined) return undefined
  if (description !== undefined && typeof description !== 'string') return undefined
  if (strict !== undefined && strict !== null && typeof strict !== 'boolean') return undefined
  return {
    type: 'json-schema',
    name,
    schema,
    schemaPath: '/response_format/json_schema/schema',
    ...(description === undefined ? {} : { description }),
    ...(typeof strict === 'boolean' ? { strict } : {}),
  }
}

function readScalars(fields: FieldReader, request: LlmRequest): void {
  set(request, 'verbosity', fields.string('verbosity'))
  set(request, 'modalities', fields.strings('modalities'))
  set(request, 'audio', fields.any('audio'))
  set(request, 'prediction', fields.any('prediction'))
  set(request, 'serviceTier', fields.string('service_tier'))
  set(request, 'safetyIdentifier', fields.string('safety_identifier'))
  set(request, 'promptCacheKey', fields.string('prompt_cache_key'))
  set(request, 'promptCacheRetention', fields.string('prompt_cache_retention'))
  set(request, 'metadata', fields.record('metadata'))
  set(request, 'user', fields.string('user'))
  const store = fields.boolean('store')
  if (store !== undefined) request.state = { store }
}

function readVendor(fields: FieldReader, request: LlmRequest): void {
  const vendor: Partial<Record<VendorField, unknown>> = {}
  const search = fields.any('web_search_options')
  if (search !== undefined) vendor.web_search_options = search
  const moderation = fields.any('moderation')
  if (moderation !== undefined) vendor.moderation = moderation
  const options = fields.record('stream_options')
  if (options !== undefined) {
    const { include_usage: includeUsage, ...rest } = options
    if (typeof includeUsage === 'boolean') request.includeUsage = includeUsage
    if (Object.keys(rest).length > 0) vendor.stream_options = rest
  }
  if (Object.keys(vendor).length > 0) request.vendor = vendor
}

function set<Target extends object, Key extends keyof Target>(target: Target, key: Key, value: Target[Key] | undefined): void {
  if (value !== undefined) target[key] = value
}
