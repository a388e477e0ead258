import { isObject, type JsonObject } from '../../ir/json.ts'
import type { ModalityTokens, Usage } from '../../ir/usage.ts'

/** One tick of xAI's `cost_in_usd_ticks`. */
const USD_PER_TICK = 1e-10

/**
 * Reads a usage object and the ways in which servers deviate: cached tokens at the top level (Moonshot), under DeepSeek's or
 * Anthropic's names, reasoning left out of `completion_tokens` (xAI) or reported at the top level (Azure).
 */
export function decodeUsage(usage: JsonObject, serviceTier?: unknown): Usage {
  const input = objectOf(usage['prompt_tokens_details'])
  const output = objectOf(usage['completion_tokens_details'])
  const decoded: Usage = { raw: usage }
  const reasoning = first(output['reasoning_tokens'], usage['reasoning_tokens'])
  set(decoded, 'inputTokens', first(usage['prompt_tokens']))
  set(decoded, 'outputTokens', totalOutput(usage, reasoning))
  set(
    decoded,
    'cacheReadTokens',
    first(input['cached_tokens'], usage['cached_tokens'], usage['prompt_cache_hit_tokens'], usage['cache_read_input_tokens']),
  )
  set(
    decoded,
    'cacheWriteTokens',
    first(input['cache_write_tokens'], input['cache_creation_tokens'], usage['cache_creation_input_tokens']),
  )
  set(decoded, 'reasoningTokens', reasoning)
  set(decoded, 'acceptedPredictionTokens', first(output['accepted_prediction_tokens']))
  set(decoded, 'rejectedPredictionTokens', first(output['rejected_prediction_tokens']))
  set(decoded, 'inputByModality', modalities(input))
  set(decoded, 'outputByModality', modalities(output))
  const ticks = first(usage['cost_in_usd_ticks'])
  set(decoded, 'providerCostUsd', first(usage['cost']) ?? (ticks === undefined ? undefined : ticks * USD_PER_TICK))
  set(decoded, 'serviceTier', typeof serviceTier === 'string' ? serviceTier : undefined)
  return decoded
}

/** A usage object as clients of this format expect it. Unknown totals are 0, because the format demands numbers. */
export function encodeUsage(usage: Usage): JsonObject {
  const prompt = usage.inputTokens ?? 0
  const completion = usage.outputTokens ?? 0
  const encoded: JsonObject = { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion }
  const input: JsonObject = {}
  const output: JsonObject = {}
  put(input, 'cached_tokens', usage.cacheReadTokens)
  put(input, 'cache_write_tokens', usage.cacheWriteTokens)
  putModalities(input, usage.inputByModality)
  put(output, 'reasoning_tokens', usage.reasoningTokens)
  put(output, 'accepted_prediction_tokens', usage.acceptedPredictionTokens)
  put(output, 'rejected_prediction_tokens', usage.rejectedPredictionTokens)
  putModalities(output, usage.outputByModality)
  if (Object.keys(input).length > 0) encoded['prompt_tokens_details'] = input
  if (Object.keys(output).length > 0) encoded['completion_tokens_details'] = output
  return encoded
}

function totalOutput(usage: JsonObject, reasoning: number | undefined): number | undefined {
  const completion = first(usage['completion_tokens'])
  if (completion === undefined || reasoning === undefined || reasoning === 0) return completion
  const prompt = first(usage['prompt_tokens']) ?? 0
  const apart = usage['total_tokens'] === prompt + completion + reasoning || reasoning > completion
  return apart ? completion + reasoning : completion
}

const MODALITIES = [
  ['text', 'text_tokens'],
  ['image', 'image_tokens'],
  ['audio', 'audio_tokens'],
  ['video', 'video_tokens'],
] as const

function modalities(details: JsonObject): ModalityTokens | undefined {
  let tokens: ModalityTokens | undefined
  for (const [kind, field] of MODALITIES) {
    const value = details[field]
    if (typeof value === 'number') (tokens ??= {})[kind] = value
  }
  return tokens
}

function putModalities(details: JsonObject, tokens: ModalityTokens | undefined): void {
  if (tokens === undefined) return
  for (const [kind, field] of MODALITIES) put(details, field, tokens[kind])
}

function first(...values: unknown[]): number | undefined {
  for (const value of values) if (typeof value === 'number') return value
  return undefined
}
const objectOf = (value: unknown): JsonObject => (isObject(value) ? value : {})

function set<Key extends keyof Usage>(usage: Usage, key: Key, value: Usage[Key]): void {
  if (value !== undefined) usage[key] = value
}

function put(target: JsonObject, key: string, value: number | undefined): void {
  if (value !== undefined) target[key] = value
}
