import type { ModelPrice, RateSchedule, TokenRates } from '../../ir/price.ts'
import { WRITTEN_RATES } from './override-price.ts'
import type { ModelPriceEntry } from './prices.schema.ts'
import { nanoToUsd } from './usd.ts'

/** A price as an operator would write it, in USD; `overridePrice` reads it back without a loss. */
export function writtenPrice(price: ModelPrice): ModelPriceEntry {
  const { serviceTiers, perRequest, perCall } = price
  return {
    ...writtenSchedule(price),
    ...(serviceTiers === undefined ? {} : { service_tiers: mapValues(serviceTiers, writtenSchedule) }),
    ...(perRequest === undefined ? {} : { per_request: usd(perRequest) }),
    ...(perCall === undefined ? {} : { per_call: mapValues(perCall, usd) }),
  }
}

function writtenSchedule({ rates, contextTiers }: RateSchedule): ModelPriceEntry {
  const tiers = contextTiers.map(({ above, rates: tierRates }) => ({ above, ...writtenRates(tierRates) }))
  return { ...writtenRates(rates), ...(tiers.length === 0 ? {} : { context_tiers: tiers }) }
}

function writtenRates(rates: TokenRates): Pick<ModelPriceEntry, (typeof WRITTEN_RATES)[keyof TokenRates]> {
  return Object.fromEntries(
    Object.entries(WRITTEN_RATES).flatMap(([kind, key]) => {
      const rate = rates[kind as keyof TokenRates]
      return rate === undefined ? [] : [[key, usd(rate)]]
    }),
  )
}

function mapValues<From, To>(record: Readonly<Record<string, From>>, change: (value: From) => To): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]))
}

/** Fifteen digits at most, which a number in JSON carries exactly. */
const usd = (nano: number): number => Number(nanoToUsd(nano))
