import type { ModelPrice } from '../../ir/price.ts'
import { DATASET_RELEASE } from './dataset-release.data.ts'
import type { OverridePrices } from './override-prices.ts'
import type { PriceDataset } from './price-dataset.ts'
import { priceAt, type ScheduledPrice } from './price-schedule.ts'

/** A model as a provider of the configuration serves it. */
export interface PriceQuery {
  readonly providerId: string
  /** Host of the provider's base URL, with a port where it has one; empty when there is none. */
  readonly host: string
  /** Model name the upstream knows. */
  readonly model: string
}

/** A price and where it comes from. */
export interface PriceQuote {
  readonly price: ModelPrice
  readonly source: 'override' | 'genai-prices'
  /** Release of the dataset, or the digest of the operator's own price. */
  readonly version: string
  /** ISO 8601 day the price was found; undefined when the operator gave none. */
  readonly asOf: string | undefined
}

/** Prices for routing and billing alike. */
export interface PriceBook {
  /**
   * The price at a time (Unix milliseconds); some prices change by day or hour. The operator's own stands first, under the
   * configuration's name for the provider or the dataset's. Undefined is unknown, never free.
   */
  priceOf(query: PriceQuery, at: number): PriceQuote | undefined
  /** From now on these prices of the operator's stand first. */
  replaceOverrides(overrides: OverridePrices): void
}

/** Model names come from clients, so the memory of them is bounded. */
const MOST_REMEMBERED = 4_096

type Known = { readonly quote: PriceQuote } | { readonly schedule: readonly ScheduledPrice[] } | undefined

/** A book over a dataset and the operator's prices. What it found for a model it remembers, for at most 4,096 of them. */
export function createPriceBook(dataset: PriceDataset, initial: OverridePrices): PriceBook {
  let overrides = initial
  const remembered = new Map<string, Known>()
  const quotes = new WeakMap<ModelPrice, PriceQuote>()

  function lookUp({ providerId, host, model }: PriceQuery): Known {
    const published = dataset.providerOf(providerId, host)
    const own = overrides.find(providerId, model) ?? (published === undefined ? undefined : overrides.find(published, model))
    if (own !== undefined) return { quote: { price: own.price, source: 'override', version: own.version, asOf: own.asOf } }
    const schedule = published === undefined ? undefined : dataset.find(published, model)?.schedule
    return schedule === undefined ? undefined : { schedule }
  }

  function quoteOf(price: ModelPrice): PriceQuote {
    let quote = quotes.get(price)
    if (quote === undefined) {
      quote = { price, source: 'genai-prices', version: DATASET_RELEASE.version, asOf: DATASET_RELEASE.asOf }
      quotes.set(price, quote)
    }
    return quote
  }

  return {
    priceOf(query, at) {
      const key = `${query.providerId}\n${query.host}\n${query.model}`
      let known = remembered.get(key)
      if (known === undefined && !remembered.has(key)) {
        known = lookUp(query)
        if (remembered.size >= MOST_REMEMBERED) remembered.clear()
        remembered.set(key, known)
      }
      if (known === undefined) return undefined
      if ('quote' in known) return known.quote
      const price = priceAt(known.schedule, at)
      return price === undefined ? undefined : quoteOf(price)
    },
    replaceOverrides(next) {
      overrides = next
      remembered.clear()
    },
  }
}
