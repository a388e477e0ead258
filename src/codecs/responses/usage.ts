import { isObject, type JsonObject } from '../../ir/json.ts'
import type { Usage } from '../../ir/usage.ts'

/** One tick of xAI's `cost_in_usd_ticks`. */
const USD_PER_TICK = 1e-10

const count = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined)

/** A usage object of an answer. Input tokens include cache reads on this wire, as they do in the canonical form. */
export function decodeUsage(usage: JsonObject, serviceTier: unknown): Usage {
  const input = isObject(usage['input_tokens_details']) ? usage['input_tokens_details'] : {}
  const output = isObject(usage['output_tokens_details']) ? usage['output_tokens_details'] : {}
  const decoded: Usage = { raw: usage }
  set(decoded, 'inputTokens', count(usage['input_tokens']) ?? count(usage['prompt_tokens']))
  set(decoded, 'outputTokens', count(usage['output_tokens']) ?? count(usage['completion_tokens']))
  set(decoded, 'cacheReadTokens', count(input['cached_tokens']))
  set(decoded, 'cacheWriteTokens', count(input['cache_write_tokens']))
  set(decoded, 'reasoningTokens', count(output['reasoning_tokens']))
  const ticks = count(usage['cost_in_usd_ticks'])
  set(decoded, 'providerCostUsd', count(usage['cost']) ?? (ticks === undefined ? undefined : ticks * USD_PER_TICK))
  set(decoded, 'serviceTier', typeof serviceTier === 'string' ? serviceTier : undefined)
  return decoded
}

/** Usage as clients expect it: their types demand every detail, so what is unknown is 0. */
export function encodeUsage(usage: Usage): JsonObject {
  const input = usage.inputTokens ?? 0
  const output = usage.outputTokens ?? 0
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: usage.cacheReadTokens ?? 0, cache_write_tokens: usage.cacheWriteTokens ?? 0 },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: usage.reasoningTokens ?? 0 },
    total_tokens: input + output,
  }
}

function set<Key extends keyof Usage>(usage: Usage, key: Key, value: Usage[Key]): void {
  if (value !== undefined) usage[key] = value
}
