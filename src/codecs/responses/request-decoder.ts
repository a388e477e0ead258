import { GatewayError } from '../../errors/gateway-error.ts'
import type { Translated } from '../../ir/diagnostic.ts'
import type { Extra } from '../../ir/extra.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'
import type { LlmRequest, ReasoningOptions, ResponseFormat, StateOptions, VendorField } from '../../ir/request.ts'
import { FieldReader } from './field-reader.ts'
import { decodeInput } from './input-decoder.ts'
import { REQUEST_PATHS } from './request-paths.ts'
import { decodeToolChoice, decodeTools } from './tool-decoder.ts'

const VENDOR_FIELDS: readonly VendorField[] = ['context_management', 'client_metadata', 'stream_options', 'moderation']
/** The value of `include` that asks for token probabilities. */
export const INCLUDE_LOGPROBS = 'message.output_text.logprobs'

/** A Responses request in canonical form. Nothing is lost here: what is not modelled stands in `extra`. */
export function decodeRequest(body: unknown): Translated<LlmRequest> {
  if (!isObject(body)) throw new GatewayError('invalid_body', 'the body must be a JSON object')
  const fields = new FieldReader(body)
  const model = fields.string('model')
  if (model === undefined) throw new GatewayError('invalid_body', 'model must be a string', { param: 'model' })
  fields.skip('input', 'instructions', 'tools', 'tool_choice', 'text', 'reasoning')
  const include = fields.strings('include')
  const request: LlmRequest = {
    origin: 'responses',
    paths: REQUEST_PATHS,
    model,
    messages: decodeInput(body['input']),
    tools: decodeTools(body['tools'], '/tools'),
    toolChoice: decodeToolChoice(body['tool_choice']),
    parallelToolCalls: fields.boolean('parallel_tool_calls'),
    maxToolCalls: fields.number('max_tool_calls'),
    sampling: {
      temperature: fields.number('temperature'),
      topP: fields.number('top_p'),
      topLogprobs: fields.number('top_logprobs'),
      logprobs: include?.includes(INCLUDE_LOGPROBS) === true ? true : undefined,
    },
    maxOutputTokens: fields.number('max_output_tokens'),
    stream: fields.boolean('stream') ?? false,
    include,
    truncation: fields.string('truncation'),
    state: decodeState(fields),
    serviceTier: fields.string('service_tier'),
    safetyIdentifier: fields.string('safety_identifier'),
    promptCacheKey: fields.string('prompt_cache_key'),
    promptCacheRetention: fields.string('prompt_cache_retention'),
    metadata: fields.record('metadata'),
    user: fields.string('user'),
    vendor: decodeVendor(fields),
  }
  decodeInstructions(body['instructions'], request)
  const textRest = decodeText(body['text'], request)
  const reasoningRest = decodeReasoning(body['reasoning'], request)
  request.extra = withNested(fields.extra(), { text: textRest, reasoning: reasoningRest })
  return { value: request, diagnostics: [] }
}

function decodeInstructions(instructions: unknown, request: LlmRequest): void {
  if (instructions === undefined || instructions === null) return
  if (typeof instructions !== 'string')
    throw new GatewayError('invalid_body', 'instructions must be a string', { param: 'instructions' })
  const path = '/instructions'
  request.messages.unshift({ role: 'system', instructions: true, content: [{ type: 'text', text: instructions, path }], path })
}

function decodeState(fields: FieldReader): StateOptions | undefined {
  const state: StateOptions = {
    store: fields.boolean('store'),
    background: fields.boolean('background'),
    conversation: fields.any('conversation'),
    previousResponseId: fields.string('previous_response_id'),
    promptTemplate: fields.any('prompt'),
  }
  return Object.values(state).every((value) => value === undefined) ? undefined : state
}

function decodeVendor(fields: FieldReader): LlmRequest['vendor'] {
  let vendor: Partial<Record<VendorField, unknown>> | undefined
  for (const name of VENDOR_FIELDS) {
    const value = fields.any(name)
    if (value !== undefined) (vendor ??= {})[name] = value
  }
  return vendor
}

/** Reads `text` and returns what of it has no place in the canonical form. */
function decodeText(text: unknown, request: LlmRequest): JsonObject | undefined {
  if (text === undefined || text === null) return undefined
  if (!isObject(text)) throw new GatewayError('invalid_body', 'text must be an object', { param: 'text' })
  const fields = new FieldReader(text)
  request.verbosity = fields.string('verbosity')
  const format = fields.any('format')
  if (format !== undefined) request.responseFormat = decodeFormat(format)
  return fields.extra()?.fields
}

function decodeFormat(format: unknown): ResponseFormat {
  const raw: ResponseFormat = { type: 'raw', origin: 'responses', raw: format }
  if (!isObject(format)) return raw
  const keys = Object.keys(format)
  if (format['type'] === 'text' && keys.length === 1) return { type: 'text' }
  if (format['type'] === 'json_object' && keys.length === 1) return { type: 'json' }
  if (format['type'] !== 'json_schema' || format['schema'] === undefined) return raw
  const fields = new FieldReader(format)
  fields.skip('type', 'schema')
  const decoded: ResponseFormat = {
    type: 'json-schema',
    name: fields.string('name'),
    description: fields.string('description'),
    schema: format['schema'],
    schemaPath: '/text/format/schema',
    strict: fields.boolean('strict'),
  }
  return fields.extra() === undefined ? decoded : raw
}

/** Reads `reasoning` and returns what of it has no place in the canonical form. */
function decodeReasoning(reasoning: unknown, request: LlmRequest): JsonObject | undefined {
  if (reasoning === undefined || reasoning === null) return undefined
  if (!isObject(reasoning)) throw new GatewayError('invalid_body', 'reasoning must be an object', { param: 'reasoning' })
  const fields = new FieldReader(reasoning)
  const effort = fields.string('effort')
  const options: ReasoningOptions = { summary: fields.string('summary') }
  // `none` is kept as the effort too, so that it is told from another format's "no thinking".
  if (effort === 'none') options.mode = 'disabled'
  if (effort !== undefined) options.effort = effort
  request.reasoning = options
  return fields.extra()?.fields
}

function withNested(extra: Extra | undefined, nested: Record<string, JsonObject | undefined>): Extra | undefined {
  const present = Object.entries(nested).filter((entry) => entry[1] !== undefined)
  if (present.length === 0) return extra
  return { format: 'responses', fields: { ...extra?.fields, ...Object.fromEntries(present) } }
}
