import { nanosOf } from '../../catalog/prices/cost-of.ts'
import type { ModelPrice } from '../../ir/price.ts'
import type { AttemptPlace, AttemptSpending } from './limiter.ts'

/** An estimate of the prompt is good to about a quarter. */
const INPUT_MARGIN = 1.25
/** Longest answer of a model of which nobody knows it. */
const LONGEST_OUTPUT_TOKENS = 64_000
/** A long answer. Clients ask for many times more than they get, so before anything is known of a model this stands for the worst case. */
const LONG_OUTPUT_TOKENS = 8_192

/**
 * What to hold for an attempt, in nano-dollars, at least 1: the smaller of the worst case and what 95 of 100 calls like it came to. While
 * that is not known, the smaller of the worst case and a long answer. Undefined when the price, or the address, cannot tell.
 */
export function reservedCost(place: AttemptPlace, price: ModelPrice, percentile95: number | undefined): number | undefined {
  const { estimatedInputTokens, maxOutputTokens = LONGEST_OUTPUT_TOKENS, isMetered } = place
  if (!isMetered) return undefined
  const inputTokens = Math.ceil(estimatedInputTokens * INPUT_MARGIN)
  const outputTokens = percentile95 === undefined ? Math.min(maxOutputTokens, LONG_OUTPUT_TOKENS) : maxOutputTokens
  const worst = nanosOf({ inputTokens, outputTokens }, price)
  return worst === undefined ? undefined : Math.max(1, Math.min(worst, percentile95 ?? worst))
}

/**
 * What an attempt is counted with when it has ended. Without usage: nothing when the upstream did not take it, its prompt when nobody
 * knows, and what was held for it when an answer had begun.
 */
export function settledCost(
  { usage, reached }: AttemptSpending,
  { price, reserved, place }: { readonly price: ModelPrice | undefined; readonly reserved: number; readonly place: AttemptPlace },
): number {
  if (price === undefined) return 0
  const known = usage === undefined ? undefined : nanosOf(usage, price)
  if (known !== undefined) return known
  if (reached === 'nothing') return 0
  if (reached === 'answer') return reserved
  const prompt = nanosOf({ inputTokens: place.estimatedInputTokens, outputTokens: 0 }, price)
  return Math.min(reserved, prompt ?? reserved)
}
