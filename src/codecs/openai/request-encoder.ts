import { createHash } from 'node:crypto'
import type { Translated } from '../../ir/diagnostic.ts'
import type { Feature } from '../../ir/feature.ts'
import type { JsonObject } from '../../ir/json.ts'
import type { LlmRequest, ResponseFormat } from '../../ir/request.ts'
import { withoutAttribution } from '../attribution.ts'
import type { EncodeTarget, WireQuirks } from '../codec.ts'
import { distinctCallIds, repairToolHistory } from '../history.ts'
import { ToolNames } from '../namespaces.ts'
import { Report } from '../report.ts'
import { addExtra, put } from './fields.ts'
import { MessageEncoder } from './message-encoder.ts'
import { encodeSampling } from './sampling-encoder.ts'
import { encodeToolChoice, encodeTools } from './tool-encoder.ts'

/** Longest end-user id that OpenAI accepts. */
const MAX_USER_LENGTH = 64

/** Encodes the body of `POST /chat/completions` for an upstream. */
export function encodeRequest(request: LlmRequest, target: EncodeTarget): Translated<JsonObject> {
  const report = new Report()
  const names = new ToolNames(request.tools)
  const quirks = quirksFor(request, target)
  const repaired = repairToolHistory(withoutAttribution(request.messages, report), report)
  // Clients of this format may count ids anew in every turn; joined turns of another one must not repeat them.
  const messages = request.origin === 'openai' ? repaired : distinctCallIds(repaired, report)
  const body: JsonObject = { model: target.model, messages: new MessageEncoder(names, quirks, report).encode(messages) }
  const tools = encodeTools(request, names, quirks, report)
  if (tools.length > 0) {
    body['tools'] = tools
    put(body, 'tool_choice', encodeToolChoice(request, names, quirks, report))
    put(body, 'parallel_tool_calls', request.parallelToolCalls)
  } else {
    reportUselessChoice(request, report)
  }
  encodeSampling(request, target, body, report)
  encodeReasoning(request, target, body, report)
  put(body, 'response_format', encodeResponseFormat(request, report))
  putScalars(request, body, report)
  putModalities(request, target, body, report)
  putHints(request, target, body, report)
  reportForeign(request, report)
  putStream(request, target, body, report)
  addExtra(body, request.extra, '', report)
  return { value: body, diagnostics: report.diagnostics }
}

/** OpenAI refuses a choice of tools when there are none. */
function reportUselessChoice(request: LlmRequest, report: Report): void {
  const { toolChoice: choice } = request
  if (choice !== undefined) {
    const code: Feature = choice.type === 'auto' || choice.type === 'none' ? 'tool_choice.raw' : `tool_choice.${choice.type}`
    report.edited(code, request.paths?.[code], 'there are no tools to choose from')
  }
  if (request.parallelToolCalls !== undefined)
    report.edited('parallel_tool_calls', request.paths?.parallel_tool_calls, 'there are no tools to call')
}

function encodeReasoning(request: LlmRequest, target: EncodeTarget, body: JsonObject, report: Report): void {
  const { reasoning, paths } = request
  if (reasoning === undefined) return
  const effort = effortOf(reasoning)
  if (target.facts.thinking === 'none' && request.origin !== 'openai') {
    if (effort !== undefined) report.edited('reasoning.effort', paths?.['reasoning.effort'], 'this model does not reason')
  } else {
    put(body, 'reasoning_effort', effort)
  }
  // `none` says it all; every other mode is only implied by the effort.
  if (reasoning.mode !== undefined && effort !== 'none') {
    if (reasoning.mode === 'disabled' && effort === undefined)
      report.edited('reasoning.mode', paths?.['reasoning.mode'], 'that the model should not think is left to its default')
    else report.rewritten('reasoning.mode', paths?.['reasoning.mode'], 'how the model thinks is told by its effort alone')
  }
  if (reasoning.budgetTokens !== undefined)
    report.rewritten('reasoning.budget', paths?.['reasoning.budget'], 'a token budget became a level of effort')
  if (reasoning.summary !== undefined)
    report.lost('reasoning.summary', paths?.['reasoning.summary'], 'summaries of reasoning cannot be asked for')
  if (reasoning.display !== undefined)
    report.lost('reasoning.display', paths?.['reasoning.display'], 'how reasoning is shown cannot be chosen')
}

/** "No thinking" of another format is the default of most models here and an error for some, so only an effort `none` is sent. */
function effortOf(reasoning: NonNullable<LlmRequest['reasoning']>): string | undefined {
  if (reasoning.effort !== undefined) return reasoning.effort
  const { budgetTokens: budget } = reasoning
  if (budget === undefined || reasoning.mode === 'disabled') return undefined
  if (budget <= 2048) return 'low'
  return budget <= 12288 ? 'medium' : 'high'
}

function encodeResponseFormat(request: LlmRequest, report: Report): unknown {
  const format: ResponseFormat | undefined = request.responseFormat
  switch (format?.type) {
    case undefined:
      return undefined
    case 'text':
      return { type: 'text' }
    case 'json':
      return { type: 'json_object' }
    case 'json-schema': {
      const schema: JsonObject = { name: format.name ?? 'response', schema: format.schema }
      put(schema, 'description', format.description)
      put(schema, 'strict', format.strict)
      return { type: 'json_schema', json_schema: schema }
    }
    case 'raw':
      if (format.origin === 'openai') return format.raw
      report.lost(
        'response_format.raw',
        request.paths?.['response_format.raw'],
        'this form of answer is only known to another format',
      )
      return undefined
  }
}

function putScalars(request: LlmRequest, body: JsonObject, report: Report): void {
  put(body, 'verbosity', request.verbosity)
  put(body, 'audio', request.audio)
  put(body, 'prediction', request.prediction)
  put(body, 'metadata', request.metadata)
  put(body, 'web_search_options', request.vendor?.web_search_options)
  put(body, 'moderation', request.vendor?.moderation)
  if (request.serviceTier === 'standard_only' || (request.serviceTier === 'standard' && request.origin !== 'openai')) {
    report.rewritten('service_tier', request.paths?.service_tier, 'the tier has another name here')
    body['service_tier'] = 'default'
  } else {
    put(body, 'service_tier', request.serviceTier)
  }
  const { user } = request
  if (user === undefined) return
  const tooLong = user.length > MAX_USER_LENGTH
  if (tooLong) report.rewritten('user', request.paths?.user, 'the id of the end user was too long and became its hash')
  body['user'] = tooLong ? createHash('sha256').update(user).digest('hex') : user
}

/** Audio is only given where its kind is said, which other formats say in another way; images are given by other servers. */
function putModalities(request: LlmRequest, { quirks }: EncodeTarget, body: JsonObject, report: Report): void {
  const { modalities, audio, origin } = request
  const takes = (modality: string): boolean =>
    modality === 'text' || (modality === 'audio' ? audio !== undefined : quirks.firstParty !== true)
  if (origin === 'openai' || modalities?.every(takes) !== false) put(body, 'modalities', modalities)
  else report.lost('modalities', request.paths?.modalities, 'the upstream cannot answer in this kind of content')
}

/** Fields for OpenAI's own service. Other servers have no use for them, and some refuse every field they do not know. */
function putHints(request: LlmRequest, { quirks }: EncodeTarget, body: JsonObject, report: Report): void {
  const isOpenAi = quirks.firstParty === true || quirks.maxTokensField === 'max_completion_tokens'
  // What a client wrote in this format was meant for the server.
  const takesThem = isOpenAi || request.origin === 'openai'
  const hints: readonly [Feature, string, unknown][] = [
    ['safety_identifier', 'safety_identifier', request.safetyIdentifier],
    ['prompt_cache_key', 'prompt_cache_key', request.promptCacheKey],
    ['prompt_cache_retention', 'prompt_cache_retention', request.promptCacheRetention],
    ['state.store', 'store', request.state?.store],
  ]
  for (const [feature, key, value] of hints) {
    if (takesThem) put(body, key, value)
    else if (value !== undefined) report.edited(feature, request.paths?.[feature], "the field is OpenAI's own")
  }
}

/** A client of this format that gives signatures of calls back knows its server, unless that is OpenAI's own. */
function quirksFor({ origin }: LlmRequest, { quirks }: EncodeTarget): WireQuirks {
  const isTaken = quirks.thoughtSignatures ?? (origin === 'openai' && quirks.firstParty !== true)
  return isTaken === quirks.thoughtSignatures ? quirks : { ...quirks, thoughtSignatures: isTaken }
}

const FOREIGN_VENDOR = [
  'context_management',
  'container',
  'mcp_servers',
  'speed',
  'inference_geo',
  'betas',
  'client_metadata',
  'safety_settings',
  'cached_content',
  'media_resolution',
  'speech_config',
] as const

function reportForeign(request: LlmRequest, report: Report): void {
  const lost = (feature: Feature, value: unknown): void => {
    if (value !== undefined) report.lost(feature, request.paths?.[feature], 'the upstream has nothing like it')
  }
  lost('state.background', request.state?.background)
  lost('state.conversation', request.state?.conversation)
  lost('state.previous_response_id', request.state?.previousResponseId)
  lost('state.prompt_template', request.state?.promptTemplate)
  lost('include', request.include)
  lost('truncation', request.truncation)
  lost('max_tool_calls', request.maxToolCalls)
  lost('cache_hint', request.cache)
  for (const field of FOREIGN_VENDOR) lost(`vendor.${field}`, request.vendor?.[field])
}

function putStream(request: LlmRequest, target: EncodeTarget, body: JsonObject, report: Report): void {
  const wanted = request.vendor?.stream_options as JsonObject | undefined
  // Options of a Responses stream have the same name and partly other meanings; only ours are replayed.
  const options = request.origin === 'openai' ? wanted : undefined
  if (target.stream) {
    body['stream'] = true
    const usage = target.quirks.streamUsage === false ? {} : { include_usage: true }
    const all = { ...options, ...usage }
    if (Object.keys(all).length > 0) body['stream_options'] = all
    if (wanted !== options)
      report.lost('vendor.stream_options', request.paths?.['vendor.stream_options'], 'these options of a stream are unknown here')
  } else if (wanted !== undefined) {
    report.edited('vendor.stream_options', request.paths?.['vendor.stream_options'], 'the answer is not streamed')
  }
}
