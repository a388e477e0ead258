import { costOf } from '../catalog/prices/cost-of.ts'
import type { PriceBook } from '../catalog/prices/price-book.ts'
import { asProviderId, type ProviderId } from '../ir/ids.ts'
import { servingAttempt, type EndedRequest } from '../observability/ended-request.ts'

/** What the answer of a request cost by a book of prices, in nano-dollars; undefined when usage or price is not known. */
export function endedCost(
  request: EndedRequest,
  prices: PriceBook,
  hostOf: (provider: ProviderId) => string,
): number | undefined {
  const attempt = servingAttempt(request)
  const usage = request.facts?.usage
  if (attempt === undefined || usage === undefined) return undefined
  const { provider_id: providerId, model } = attempt
  const quote = prices.priceOf({ providerId, host: hostOf(asProviderId(providerId)), model }, request.startedAt)
  return quote === undefined ? undefined : costOf(usage, quote.price)?.nanoDollars
}
