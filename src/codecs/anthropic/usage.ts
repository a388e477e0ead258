import { isObject, type JsonObject } from '../../ir/json.ts'
import type { Usage } from '../../ir/usage.ts'

const count = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined

/**
 * Usage of an answer. The wire counts uncached input, cache reads and cache writes apart; canonically the input is their sum.
 * A report without any input count (the last one of many streams) leaves the input unknown.
 */
export function decodeUsage(value: unknown): Usage | undefined {
  if (!isObject(value)) return undefined
  const usage: Usage = { raw: value }
  const input = count(value['input_tokens'])
  const read = count(value['cache_read_input_tokens'])
  const write = count(value['cache_creation_input_tokens'])
  if (input !== undefined) usage.inputTokens = input + (read ?? 0) + (write ?? 0)
  if (read !== undefined) usage.cacheReadTokens = read
  if (write !== undefined) usage.cacheWriteTokens = write
  const output = count(value['output_tokens'])
  if (output !== undefined) usage.outputTokens = output
  decodeDetails(usage, value)
  return usage
}

function decodeDetails(usage: Usage, value: JsonObject): void {
  const creation = isObject(value['cache_creation']) ? value['cache_creation'] : {}
  const write5m = count(creation['ephemeral_5m_input_tokens'])
  const write1h = count(creation['ephemeral_1h_input_tokens'])
  if (write5m !== undefined) usage.cacheWrite5mTokens = write5m
  if (write1h !== undefined) usage.cacheWrite1hTokens = write1h
  const details = isObject(value['output_tokens_details']) ? value['output_tokens_details'] : {}
  const reasoning = count(details['thinking_tokens'])
  if (reasoning !== undefined) usage.reasoningTokens = reasoning
  if (isObject(value['server_tool_use'])) {
    const calls: Record<string, number> = Object.create(null) as Record<string, number>
    for (const [kind, times] of Object.entries(value['server_tool_use'])) if (typeof times === 'number') calls[kind] = times
    usage.hostedToolCalls = { ...calls }
  }
  if (typeof value['service_tier'] === 'string') usage.serviceTier = value['service_tier']
  if (typeof value['inference_geo'] === 'string') usage.region = value['inference_geo']
  if (Array.isArray(value['iterations'])) usage.iterations = value['iterations']
}

/** A later wire report over an earlier one: what it says replaces, what it leaves out or nulls stays. */
export function mergeWireUsage(earlier: JsonObject | undefined, later: unknown): JsonObject | undefined {
  if (!isObject(later)) return earlier
  if (earlier === undefined) return later
  const merged: JsonObject = { ...earlier }
  for (const key of Object.keys(later)) {
    const value = later[key]
    if (value === null || value === undefined) continue
    Object.defineProperty(merged, key, { value, enumerable: true, writable: true, configurable: true })
  }
  return merged
}

/** Usage as clients of this format expect it. Counts nobody told are null, except the two that are always numbers. */
export function encodeUsage(usage: Usage | undefined, estimatedInput: number | undefined): JsonObject {
  const read = usage?.cacheReadTokens
  const write = usage?.cacheWriteTokens
  const total = usage?.inputTokens
  const encoded: JsonObject = {
    input_tokens: total === undefined ? (estimatedInput ?? 0) : Math.max(0, total - (read ?? 0) - (write ?? 0)),
    cache_creation_input_tokens: write ?? null,
    cache_read_input_tokens: read ?? null,
    output_tokens: usage?.outputTokens ?? 0,
  }
  if (usage === undefined) return encoded
  if (usage.cacheWrite5mTokens !== undefined || usage.cacheWrite1hTokens !== undefined) {
    encoded['cache_creation'] = {
      ephemeral_5m_input_tokens: usage.cacheWrite5mTokens ?? 0,
      ephemeral_1h_input_tokens: usage.cacheWrite1hTokens ?? 0,
    }
  }
  if (usage.reasoningTokens !== undefined) encoded['output_tokens_details'] = { thinking_tokens: usage.reasoningTokens }
  if (usage.hostedToolCalls !== undefined) encoded['server_tool_use'] = usage.hostedToolCalls
  if (usage.serviceTier !== undefined && SERVICE_TIERS.has(usage.serviceTier)) encoded['service_tier'] = usage.serviceTier
  if (usage.region !== undefined) encoded['inference_geo'] = usage.region
  if (usage.iterations !== undefined) encoded['iterations'] = usage.iterations
  return encoded
}

const SERVICE_TIERS = new Set(['standard', 'priority', 'batch'])
