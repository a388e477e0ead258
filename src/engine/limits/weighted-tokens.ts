import type { TokenWeights } from '../../ir/limits.ts'
import type { Usage } from '../../ir/usage.ts'

/** What a call counts towards a limit of tokens, rounded up; undefined when its usage is not known. */
export function weightedTokens(usage: Usage, weights: TokenWeights): number | undefined {
  const { inputTokens, outputTokens } = usage
  if (inputTokens === undefined || outputTokens === undefined) return undefined
  const cacheRead = usage.cacheReadTokens ?? 0
  const cacheWrite = usage.cacheWriteTokens ?? (usage.cacheWrite5mTokens ?? 0) + (usage.cacheWrite1hTokens ?? 0)
  const fresh = Math.max(0, inputTokens - cacheRead - cacheWrite)
  const sum =
    fresh * weights.input + cacheRead * weights.cacheRead + cacheWrite * weights.cacheWrite + outputTokens * weights.output
  // Weights such as 0.1 have no exact binary form: a millionth of a token is nobody's.
  return Math.ceil(Math.round(sum * 1e6) / 1e6)
}
