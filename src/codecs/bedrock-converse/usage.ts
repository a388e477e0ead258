import { isObject, type JsonObject } from '../../ir/json.ts'
import type { Usage } from '../../ir/usage.ts'

const count = (value: unknown): number | undefined => (typeof value === 'number' && value >= 0 ? value : undefined)

/**
 * Input tokens of the format are those that had nothing to do with the cache; the canonical ones are all. `reasoningTokens` is no field of
 * the vendor's: gateways tell each other, and its SDKs pass over what they do not know.
 */
export function decodeUsage(value: unknown): Usage | undefined {
  if (!isObject(value)) return undefined
  const read = count(value['cacheReadInputTokens'])
  const written = count(value['cacheWriteInputTokens'])
  const input = count(value['inputTokens'])
  const usage: Usage = { raw: value }
  if (input !== undefined) usage.inputTokens = input + (read ?? 0) + (written ?? 0)
  const output = count(value['outputTokens'])
  if (output !== undefined) usage.outputTokens = output
  const reasoning = count(value['reasoningTokens'])
  if (reasoning !== undefined) usage.reasoningTokens = reasoning
  if (read !== undefined) usage.cacheReadTokens = read
  if (written !== undefined) usage.cacheWriteTokens = written
  for (const detail of Array.isArray(value['cacheDetails']) ? value['cacheDetails'].filter(isObject) : []) {
    const tokens = count(detail['inputTokens'])
    if (tokens === undefined) continue
    if (detail['ttl'] === '5m') usage.cacheWrite5mTokens = tokens
    if (detail['ttl'] === '1h') usage.cacheWrite1hTokens = tokens
  }
  return usage
}

/** The SDKs of the format take numbers for granted, so what nobody told is 0 here. */
export function encodeUsage(usage: Usage | undefined): JsonObject {
  const { inputTokens = 0, outputTokens = 0, cacheReadTokens, cacheWriteTokens, reasoningTokens } = usage ?? {}
  const details = cacheDetails(usage)
  return {
    inputTokens: Math.max(0, inputTokens - (cacheReadTokens ?? 0) - (cacheWriteTokens ?? 0)),
    outputTokens,
    totalTokens: inputTokens + outputTokens,
    ...(cacheReadTokens === undefined ? {} : { cacheReadInputTokens: cacheReadTokens }),
    ...(cacheWriteTokens === undefined ? {} : { cacheWriteInputTokens: cacheWriteTokens }),
    ...(reasoningTokens === undefined ? {} : { reasoningTokens }),
    ...(details.length === 0 ? {} : { cacheDetails: details }),
  }
}

function cacheDetails(usage: Usage | undefined): JsonObject[] {
  return [
    ['5m', usage?.cacheWrite5mTokens],
    ['1h', usage?.cacheWrite1hTokens],
  ].flatMap(([ttl, inputTokens]) => (inputTokens === undefined ? [] : [{ ttl, inputTokens }]))
}
