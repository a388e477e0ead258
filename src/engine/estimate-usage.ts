import type { StreamFacts } from './stream-facts.ts'

/**
 * What an answer used that ended before its upstream had told: formats that tell it in their last frame never do when a client leaves, and
 * others have told no more than the beginning. What was told stays; the rest is estimated from what went by, and marked so.
 */
export function estimateUsage(facts: StreamFacts, estimatedInputTokens: number): void {
  const { size, usage, ended } = facts
  if (size === undefined || (ended && usage !== undefined)) return
  const untold = size.tokens
  if (untold === 0) return
  const outputTokens = (usage?.outputTokens ?? 0) + untold
  facts.usage = { ...usage, inputTokens: usage?.inputTokens ?? estimatedInputTokens, outputTokens }
  facts.isEstimated = true
}
