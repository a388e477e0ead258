import { costOf } from '../../catalog/prices/cost-of.ts'
import type { PriceQuote } from '../../catalog/prices/price-book.ts'
import type { SettledCost, SettledLine } from '../../ir/settlement.ts'
import type { Usage } from '../../ir/usage.ts'

const NO_CACHE = {
  cacheReadTokens: undefined,
  cacheWriteTokens: undefined,
  cacheWrite5mTokens: undefined,
  cacheWrite1hTokens: undefined,
} as const

/** What usage costs at a price, with the lines of the invoice and what caching saved. Unknown stays unknown. */
export function settledCost(usage: Usage, quote: PriceQuote | undefined): SettledCost {
  if (quote === undefined) return {}
  const { source, version } = quote
  const price = { source, version }
  const cost = costOf(usage, quote.price)
  if (cost === undefined) return { price }
  const lines = cost.lines.map(({ kind, name, units, rate }): SettledLine => [
    name === undefined ? kind : `${kind}:${name}`,
    units,
    rate,
  ])
  return { price, nanos: cost.nanoDollars, lines, saved_nanos: savedBy(usage, quote, cost.nanoDollars) }
}

/** The same call without a prompt cache, less the call. A cache that does not occur saves nothing, and that is known. */
function savedBy(usage: Usage, quote: PriceQuote, nanos: number): number | undefined {
  const isCached =
    (usage.cacheReadTokens ?? 0) > 0 || (usage.cacheWriteTokens ?? usage.cacheWrite5mTokens ?? usage.cacheWrite1hTokens ?? 0) > 0
  if (!isCached) return 0
  const uncached = costOf({ ...usage, ...NO_CACHE }, quote.price)
  return uncached === undefined ? undefined : uncached.nanoDollars - nanos
}
