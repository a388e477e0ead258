import type { Feature } from '../../ir/feature.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'
import type { LlmRequest } from '../../ir/request.ts'
import type { EncodeTarget } from '../codec.ts'
import type { Report } from '../report.ts'
import { put } from './field-writer.ts'
import { INCLUDE_LOGPROBS } from './request-decoder.ts'

/** The API refuses smaller limits. */
const LEAST_OUTPUT_TOKENS = 16
/** Service tiers the API defines. */
export const SERVICE_TIERS: ReadonlySet<string> = new Set(['auto', 'default', 'flex', 'scale', 'priority', 'fast', 'ultrafast'])

/** All scalar options of the top level. */
export function encodeOptions(request: LlmRequest, target: EncodeTarget, body: JsonObject, report: Report): void {
  put(body, 'parallel_tool_calls', request.parallelToolCalls)
  put(body, 'max_tool_calls', request.maxToolCalls)
  encodeSampling(request, target, body, report)
  encodeLimit(request, body, report)
  put(body, 'truncation', request.truncation)
  put(body, 'background', request.state?.background)
  put(body, 'conversation', request.state?.conversation)
  put(body, 'previous_response_id', request.state?.previousResponseId)
  put(body, 'prompt', request.state?.promptTemplate)
  encodeServiceTier(request, body, report)
  put(body, 'safety_identifier', request.safetyIdentifier)
  put(body, 'prompt_cache_key', request.promptCacheKey)
  put(body, 'prompt_cache_retention', request.promptCacheRetention)
  put(body, 'metadata', request.metadata)
  put(body, 'user', request.user)
  if (request.modalities?.some((modality) => modality !== 'text') === true)
    lost(request, report, 'modalities', 'the output is text here')
  if (request.audio !== undefined) lost(request, report, 'audio_output', 'the output is text here')
  if (request.prediction !== undefined) lost(request, report, 'prediction', 'predicted output is not possible here')
  if (request.cache !== undefined)
    lost(request, report, 'cache_hint', 'cache markers are not possible here; the provider caches by itself')
  encodeVendor(request, target, body, report)
}

function encodeSampling(request: LlmRequest, target: EncodeTarget, body: JsonObject, report: Report): void {
  const { sampling } = request
  const native = request.origin === 'responses'
  if (target.facts.sampling === false && !native) {
    if (sampling.temperature !== undefined)
      report.edited('sampling.temperature', request.paths?.['sampling.temperature'], 'the model takes no temperature')
    if (sampling.topP !== undefined)
      report.edited('sampling.top_p', request.paths?.['sampling.top_p'], 'the model takes no top_p')
  } else {
    put(body, 'temperature', sampling.temperature)
    put(body, 'top_p', sampling.topP)
  }
  if (sampling.topK !== undefined) lost(request, report, 'sampling.top_k', 'top_k is not possible here')
  if (sampling.seed !== undefined) lost(request, report, 'sampling.seed', 'a seed is not possible here')
  if (sampling.frequencyPenalty !== undefined)
    lost(request, report, 'sampling.frequency_penalty', 'penalties are not possible here')
  if (sampling.presencePenalty !== undefined)
    lost(request, report, 'sampling.presence_penalty', 'penalties are not possible here')
  if (sampling.stop !== undefined) lost(request, report, 'sampling.stop', 'stop sequences are not possible here')
  if (sampling.n === 1) report.rewritten('sampling.n', request.paths?.['sampling.n'], 'there always is one answer here')
  else if (sampling.n !== undefined) lost(request, report, 'sampling.n', 'there is one answer only here')
  if (sampling.logitBias !== undefined) lost(request, report, 'sampling.logit_bias', 'biases of tokens are not possible here')
  put(body, 'top_logprobs', sampling.topLogprobs)
  if (sampling.logprobs === true && request.include?.includes(INCLUDE_LOGPROBS) !== true) {
    report.rewritten(
      'sampling.logprobs',
      request.paths?.['sampling.logprobs'],
      'token probabilities were asked for through include',
    )
    body['include'] = [...(request.include ?? []), INCLUDE_LOGPROBS]
  } else put(body, 'include', request.include)
}

function encodeLimit(request: LlmRequest, body: JsonObject, report: Report): void {
  const limit = request.maxOutputTokens
  if (limit === undefined) return
  if (request.origin === 'responses' || limit >= LEAST_OUTPUT_TOKENS) {
    body['max_output_tokens'] = limit
    return
  }
  report.rewritten('max_output_tokens', request.paths?.max_output_tokens, 'the limit was raised to the least that is accepted')
  body['max_output_tokens'] = LEAST_OUTPUT_TOKENS
}

function encodeServiceTier(request: LlmRequest, body: JsonObject, report: Report): void {
  const tier = request.serviceTier
  if (tier === undefined) return
  if (request.origin === 'responses' || SERVICE_TIERS.has(tier)) body['service_tier'] = tier
  else {
    report.rewritten('service_tier', request.paths?.service_tier, 'the service tier was sent under the name it has here')
    body['service_tier'] = tier === 'standard_only' || tier === 'standard' ? 'default' : 'auto'
  }
}

/** Fields of one vendor: those this format shares by name and shape are sent, the others are told. */
function encodeVendor(request: LlmRequest, target: EncodeTarget, body: JsonObject, report: Report): void {
  const { vendor } = request
  if (vendor === undefined) return
  const native = request.origin === 'responses'
  for (const [name, value] of Object.entries(vendor)) {
    if (value === undefined) continue
    const feature = `vendor.${name}` as Feature
    const fits =
      native ||
      (name === 'context_management' && Array.isArray(value)) ||
      (name === 'stream_options' && isObject(value) && Object.keys(value).every((key) => key === 'include_obfuscation'))
    // Stream options beside a call that does not stream are refused.
    if (fits && (name !== 'stream_options' || target.stream)) body[name] = value
    else lost(request, report, feature, 'a field of another vendor was left out')
  }
}

function lost(request: LlmRequest, report: Report, feature: Feature, message: string): void {
  report.lost(feature, request.paths?.[feature], message)
}
