import type { ContentPart, ReasoningPart, ToolCallPart } from '../ir/content.ts'
import type { Feature } from '../ir/feature.ts'
import type { LlmRequest, Message } from '../ir/request.ts'
import type { ToolChoice, ToolDefinition } from '../ir/tool.ts'

/**
 * Every feature a request uses, in one pass over the canonical form. The set over-approximates: a feature is in it whenever an
 * encoder might have to report it, so that predicted losses hold all actual ones.
 */
export function extractFeatures(request: LlmRequest): ReadonlySet<Feature> {
  const features = new Set<Feature>()
  requestFields(request, features)
  messages(request.messages, features)
  if (request.tools !== undefined) for (const tool of request.tools) toolFeatures(tool, features)
  if (request.toolChoice !== undefined) toolChoice(request.toolChoice, features)
  return shared(features)
}

/** Clients ask for the same few sets of features all day. */
const MOST_SHARED = 1_024
const sharedSets = new Map<string, ReadonlySet<Feature>>()

/** One set for all requests that use the same features, so that what follows from it can be remembered with it. */
function shared(features: ReadonlySet<Feature>): ReadonlySet<Feature> {
  const key = [...features].join(' ')
  const known = sharedSets.get(key)
  if (known !== undefined) return known
  if (sharedSets.size >= MOST_SHARED) sharedSets.clear()
  sharedSets.set(key, features)
  return features
}

/** Request fields that map one to one onto a feature. */
const SIMPLE_FIELDS = [
  ['parallelToolCalls', 'parallel_tool_calls'],
  ['maxToolCalls', 'max_tool_calls'],
  ['verbosity', 'verbosity'],
  ['modalities', 'modalities'],
  ['audio', 'audio_output'],
  ['prediction', 'prediction'],
  ['include', 'include'],
  ['truncation', 'truncation'],
  ['serviceTier', 'service_tier'],
  ['safetyIdentifier', 'safety_identifier'],
  ['promptCacheKey', 'prompt_cache_key'],
  ['promptCacheRetention', 'prompt_cache_retention'],
  ['metadata', 'metadata'],
  ['user', 'user'],
  ['cache', 'cache_hint'],
  ['extra', 'extension'],
] as const satisfies readonly (readonly [keyof LlmRequest, Feature])[]

const SAMPLING_FIELDS = [
  ['temperature', 'sampling.temperature'],
  ['topP', 'sampling.top_p'],
  ['topK', 'sampling.top_k'],
  ['seed', 'sampling.seed'],
  ['frequencyPenalty', 'sampling.frequency_penalty'],
  ['presencePenalty', 'sampling.presence_penalty'],
  ['stop', 'sampling.stop'],
  ['n', 'sampling.n'],
  ['logprobs', 'sampling.logprobs'],
  ['topLogprobs', 'sampling.logprobs'],
  ['logitBias', 'sampling.logit_bias'],
] as const satisfies readonly (readonly [keyof LlmRequest['sampling'], Feature])[]

const STATE_FIELDS = [
  ['store', 'state.store'],
  ['background', 'state.background'],
  ['conversation', 'state.conversation'],
  ['previousResponseId', 'state.previous_response_id'],
  ['promptTemplate', 'state.prompt_template'],
] as const satisfies readonly (readonly [keyof NonNullable<LlmRequest['state']>, Feature])[]

function requestFields(request: LlmRequest, features: Set<Feature>): void {
  for (const [field, feature] of SIMPLE_FIELDS) if (request[field] !== undefined) features.add(feature)
  for (const [field, feature] of SAMPLING_FIELDS) if (request.sampling[field] !== undefined) features.add(feature)
  if (request.state !== undefined)
    for (const [field, feature] of STATE_FIELDS) if (request.state[field] !== undefined) features.add(feature)
  if (request.vendor !== undefined) for (const field of Object.keys(request.vendor)) features.add(`vendor.${field}` as Feature)
  features.add(request.maxOutputTokens === undefined ? 'max_output_tokens.default' : 'max_output_tokens')
  const { reasoning, responseFormat } = request
  if (reasoning?.mode !== undefined) features.add('reasoning.mode')
  if (reasoning?.effort !== undefined) features.add('reasoning.effort')
  if (reasoning?.budgetTokens !== undefined) features.add('reasoning.budget')
  if (reasoning?.summary !== undefined) features.add('reasoning.summary')
  if (reasoning?.display !== undefined) features.add('reasoning.display')
  if (responseFormat?.type === 'json') features.add('response_format.json')
  if (responseFormat?.type === 'json-schema') features.add('response_format.json_schema')
  if (responseFormat?.type === 'raw') features.add('response_format.raw')
}

function messages(list: readonly Message[], features: Set<Feature>): void {
  let previous: Message | undefined
  let turns = 0
  for (const message of list) {
    if (message.role === 'developer') features.add('role.developer')
    if (message.role === 'system' || message.role === 'developer') {
      if (turns > 0) features.add('role.system_mid_conversation')
    } else {
      if (turns === 0 && message.role !== 'user') features.add('message.first_not_user')
      turns++
    }
    if (previous !== undefined && (previous.role === message.role || message.role === 'tool' || previous.role === 'tool'))
      features.add('message.adjacent_same_role')
    if (message.id !== undefined) features.add('message.id')
    if (message.name !== undefined) features.add('message.name')
    if (message.phase !== undefined) features.add('message.phase')
    if (message.status !== undefined) features.add('message.status')
    if (message.extra !== undefined) features.add('extension')
    if (message.content.length === 0) features.add('message.empty_text')
    for (const part of message.content) partFeatures(part, message, features)
    previous = message
  }
  if (turns === 0) features.add('message.first_not_user')
  if (previous?.role === 'assistant') features.add('message.assistant_prefill')
}

function partFeatures(part: ContentPart, message: Message, features: Set<Feature>): void {
  if (part.cache !== undefined) features.add('cache_hint')
  if (part.extra !== undefined) features.add('extension')
  switch (part.type) {
    case 'text':
      if (part.citations !== undefined) features.add('part.citation')
      if (part.logprobs !== undefined) features.add('part.logprobs')
      if (part.text.trim() === '') features.add('message.empty_text')
      if (part.text.startsWith('x-anthropic-billing-header:')) features.add('attribution_block')
      return
    case 'reasoning':
      reasoningFeatures(part, features)
      return
    case 'image':
      features.add(
        part.source.kind === 'url' ? 'part.image_url' : part.source.kind === 'file' ? 'part.image_file' : 'part.image_base64',
      )
      if (part.detail !== undefined) features.add('part.image_detail')
      if (message.role === 'assistant') features.add('part.image_in_assistant')
      return
    case 'document':
      if (message.role === 'assistant') features.add('part.image_in_assistant')
      if (part.source.kind === 'parts') for (const inner of part.source.parts) partFeatures(inner, message, features)
      features.add(`part.document_${part.source.kind}` as Feature)
      if (part.title !== undefined || part.filename !== undefined) features.add('part.document_title')
      if (part.context !== undefined) features.add('part.document_context')
      if (part.citations !== undefined) features.add('part.document_citations')
      return
    case 'tool-call':
      toolCallFeatures(part, features)
      return
    case 'tool-result':
      features.add('part.tool_call_id')
      features.add('part.tool_result_order')
      features.add('part.tool_result_orphan')
      if (part.isError !== undefined) features.add('part.tool_result_error')
      if (part.name !== undefined) features.add('message.name')
      if (part.kind === 'text') features.add('part.tool_call_custom')
      if (part.status !== undefined || part.itemId !== undefined) features.add('part.tool_call_status')
      for (const inner of part.content) {
        if (inner.type === 'image') features.add('part.image_in_tool_result')
        if (inner.type === 'document') features.add('part.document_in_tool_result')
        partFeatures(inner, message, features)
      }
      return
    case 'search-result':
      features.add('part.search_result')
      if (message.role === 'assistant') features.add('part.image_in_assistant')
      if (part.citations !== undefined) features.add('part.document_citations')
      for (const inner of part.content) partFeatures(inner, message, features)
      return
    default:
      features.add(OTHER_PARTS[part.type])
  }
}

function toolCallFeatures(part: ToolCallPart, features: Set<Feature>): void {
  features.add('part.tool_call_id')
  features.add(part.input.kind === 'text' ? 'part.tool_call_custom' : 'part.tool_call_invalid_json')
  if (part.namespace !== undefined) features.add('part.tool_call_namespace')
  if (part.caller !== undefined) features.add('part.tool_call_caller')
  if (part.signature !== undefined) features.add('part.reasoning_signature')
  if (part.status !== undefined || part.itemId !== undefined) features.add('part.tool_call_status')
  features.add('part.tool_result_orphan')
}

const OTHER_PARTS = {
  refusal: 'part.refusal',
  audio: 'part.audio',
  video: 'part.video',
  'hosted-tool-call': 'part.hosted_tool_call',
  'hosted-tool-result': 'part.hosted_tool_result',
  compaction: 'part.compaction',
  'item-reference': 'part.item_reference',
  opaque: 'part.opaque',
} as const satisfies Record<string, Feature>

function reasoningFeatures(part: ReasoningPart, features: Set<Feature>): void {
  features.add('part.reasoning')
  if (part.id !== undefined) features.add('message.id')
  if (part.signature !== undefined) features.add('part.reasoning_signature')
  if (part.redacted !== undefined) features.add('part.reasoning_redacted')
  if (part.encrypted !== undefined) features.add('part.reasoning_encrypted')
  if (part.details !== undefined) features.add('part.reasoning_details')
}

function toolFeatures(tool: ToolDefinition, features: Set<Feature>): void {
  if (tool.cache !== undefined) features.add('cache_hint')
  if (tool.extra !== undefined) features.add('extension')
  if (tool.deferLoading !== undefined) features.add('tools.defer_loading')
  if (tool.allowedCallers !== undefined) features.add('tools.allowed_callers')
  if (tool.type === 'function') {
    features.add('tools.name')
    features.add('tools.schema')
    if (tool.strict !== undefined) features.add('tools.function_strict')
    if (tool.inputExamples !== undefined) features.add('tools.input_examples')
  } else if (tool.type === 'custom') {
    features.add('tools.name')
    features.add('tools.custom')
    if (tool.format !== undefined) features.add('tools.custom_grammar')
  } else if (tool.type === 'namespace') {
    features.add('tools.namespace')
    for (const inner of tool.tools) toolFeatures(inner, features)
  } else {
    features.add('tools.hosted')
  }
}

function toolChoice(choice: ToolChoice, features: Set<Feature>): void {
  if (
    choice.type === 'none' ||
    choice.type === 'required' ||
    choice.type === 'named' ||
    choice.type === 'allowed' ||
    choice.type === 'validated' ||
    choice.type === 'raw'
  ) {
    features.add(`tool_choice.${choice.type}`)
  }
}
