import type { Translated } from '../../ir/diagnostic.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'
import type { LlmRequest, ReasoningOptions, ResponseFormat, VendorField } from '../../ir/request.ts'
import { cacheHintOf } from './cache-control.ts'
import { decodeMessages, decodeSystem } from './messages-decoder.ts'
import {
  addExtra,
  invalid,
  optionalBoolean,
  optionalNumber,
  optionalString,
  optionalStrings,
  requireObject,
  requireString,
} from './reader.ts'
import { REQUEST_PATHS } from './request-paths.ts'
import { decodeToolChoice, decodeTools } from './tools-decoder.ts'

const SAMPLING = { temperature: 'temperature', top_p: 'topP', top_k: 'topK' } as const

/** Body of `POST /v1/messages` (or `/count_tokens`, which has no `max_tokens`) → canonical request. */
export function decodeRequest(value: unknown): Translated<LlmRequest> {
  const body = requireObject(value, '')
  if (body['model'] === undefined) return invalid('/model', 'is required')
  const messages = decodeMessages(body['messages'])
  const system = decodeSystem(body['system'])
  if (system !== undefined) messages.unshift(system)
  const request: LlmRequest = {
    model: requireString(body['model'], '/model'),
    origin: 'anthropic',
    paths: REQUEST_PATHS,
    messages,
    sampling: {},
    stream: false,
  }
  for (const key of Object.keys(body)) {
    const field = body[key]
    if (field !== null) decodeField(request, key, field)
  }
  return { value: request, diagnostics: [] }
}

function decodeField(request: LlmRequest, key: string, value: unknown): void {
  const path = `/${key}`
  switch (key) {
    case 'model':
    case 'messages':
    case 'system':
      return
    case 'max_tokens':
      request.maxOutputTokens = tokenLimit(value, path)
      return
    case 'stream':
      request.stream = optionalBoolean(value, path) ?? false
      return
    case 'temperature':
    case 'top_p':
    case 'top_k':
      request.sampling[SAMPLING[key]] = optionalNumber(value, path)
      return
    case 'stop_sequences':
      request.sampling.stop = optionalStrings(value, path)
      return
    case 'tools':
      request.tools = decodeTools(value)
      return
    case 'tool_choice': {
      const decoded = decodeToolChoice(value)
      request.toolChoice = decoded?.choice
      if (decoded?.parallel !== undefined) request.parallelToolCalls = decoded.parallel
      return
    }
    case 'thinking':
      decodeThinkingConfig(request, value)
      return
    case 'output_config':
      decodeOutputConfig(request, requireObject(value, path))
      return
    case 'output_format':
      decodeOlderOutputFormat(request, value)
      return
    case 'metadata':
      decodeMetadata(request, requireObject(value, path))
      return
    case 'service_tier':
      request.serviceTier = optionalString(value, path)
      return
    case 'cache_control':
      request.cache = cacheHintOf(value)
      if (request.cache === undefined) addExtra(request, key, value)
      return
    case 'context_management':
    case 'container':
    case 'mcp_servers':
    case 'speed':
    case 'inference_geo':
      decodeVendorField(request, key, value)
      return
    default:
      addExtra(request, key, value)
  }
}

function tokenLimit(value: unknown, path: string): number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0
    ? value
    : invalid(path, 'must be a non-negative integer')
}

function decodeVendorField(request: LlmRequest, key: VendorField, value: unknown): void {
  request.vendor = { ...request.vendor, [key]: value }
}

/** Fields the canonical form does not know stay under the same key among the extras and are merged in again. */
function decodeThinkingConfig(request: LlmRequest, value: unknown): void {
  const thinking = requireObject(value, '/thinking')
  const { type, budget_tokens: budget, display, ...rest } = thinking
  const isKnown = type === 'enabled' || type === 'disabled' || type === 'adaptive'
  if (!isKnown || (display !== undefined && display !== null && typeof display !== 'string')) {
    requireString(type, '/thinking/type')
    addExtra(request, 'thinking', thinking)
    return
  }
  const reasoning: ReasoningOptions = { ...request.reasoning, mode: type }
  const budgetTokens = optionalNumber(budget, '/thinking/budget_tokens')
  if (budgetTokens !== undefined) reasoning.budgetTokens = budgetTokens
  if (typeof display === 'string') reasoning.display = display
  request.reasoning = reasoning
  if (Object.keys(rest).length > 0) addExtra(request, 'thinking', rest)
}

function decodeOutputConfig(request: LlmRequest, config: JsonObject): void {
  const { effort, format, ...others } = config
  const rest: JsonObject = others
  const effortText = optionalString(effort, '/output_config/effort')
  if (effortText !== undefined) request.reasoning = { ...request.reasoning, effort: effortText }
  if (format !== undefined && format !== null) {
    const formatRest = readFormat(request, format)
    if (formatRest !== undefined) rest['format'] = formatRest
  }
  if (Object.keys(rest).length > 0) addExtra(request, 'output_config', rest)
}

function readFormat(request: LlmRequest, value: unknown): JsonObject | undefined {
  const format = schemaFormat(value, '/output_config/format')
  request.responseFormat = format ?? { type: 'raw', origin: 'anthropic', raw: value }
  if (format === undefined || !isObject(value)) return undefined
  const { type: _type, schema: _schema, ...rest } = value
  return Object.keys(rest).length > 0 ? rest : undefined
}

function schemaFormat(value: unknown, path: string): ResponseFormat | undefined {
  if (!isObject(value) || value['type'] !== 'json_schema' || !isObject(value['schema'])) return undefined
  return { type: 'json-schema', schema: value['schema'], schemaPath: `${path}/schema` }
}

/** The beta's field before `output_config` existed. */
function decodeOlderOutputFormat(request: LlmRequest, value: unknown): void {
  const format = schemaFormat(value, '/output_format')
  const isPlain = isObject(value) && Object.keys(value).length === 2
  if (format === undefined || !isPlain || request.responseFormat !== undefined) addExtra(request, 'output_format', value)
  else request.responseFormat = format
}

function decodeMetadata(request: LlmRequest, metadata: JsonObject): void {
  const { user_id: userId, ...rest } = metadata
  const user = optionalString(userId, '/metadata/user_id')
  if (user !== undefined) request.user = user
  if (Object.keys(rest).length > 0) addExtra(request, 'metadata', rest)
}
