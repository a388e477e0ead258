import type { ContextTier, ModelPrice, RateSchedule, TokenRates } from '../../ir/price.ts'
import type { ModelPriceEntry } from './prices.schema.ts'
import { usdToNano } from './usd.ts'

type Mutable<Type> = { -readonly [Name in keyof Type]: Type[Name] }
type WrittenRates = Omit<NonNullable<ModelPriceEntry['context_tiers']>[number], 'above'>
type WrittenSchedule = WrittenRates & Pick<ModelPriceEntry, 'context_tiers'>

/** Names of rates as an operator writes them. */
export const WRITTEN_RATES = {
  input: 'input',
  cacheRead: 'cache_read',
  cacheWrite5m: 'cache_write_5m',
  cacheWrite1h: 'cache_write_1h',
  inputImage: 'input_image',
  inputAudio: 'input_audio',
  inputVideo: 'input_video',
  output: 'output',
  reasoning: 'reasoning',
  outputImage: 'output_image',
  outputAudio: 'output_audio',
  outputVideo: 'output_video',
} as const satisfies Record<keyof TokenRates, keyof WrittenRates>

/** A price as an operator wrote it (and the schema let through), in nano-dollars. */
export function overridePrice(entry: ModelPriceEntry): ModelPrice {
  const price: Mutable<ModelPrice> = schedule(entry)
  if (entry.service_tiers !== undefined) {
    price.serviceTiers = Object.fromEntries(
      Object.entries(entry.service_tiers).map(([tier, written]) => [tier, schedule(written)]),
    )
  }
  if (entry.per_request !== undefined) price.perRequest = usdToNano(entry.per_request)
  if (entry.per_call !== undefined) {
    price.perCall = Object.fromEntries(
      Object.entries(entry.per_call).flatMap(([kind, usd]) => {
        const nano = usdToNano(usd)
        return nano === undefined ? [] : [[kind, nano]]
      }),
    )
  }
  return price
}

function schedule(written: WrittenSchedule): RateSchedule {
  const rates = tokenRates(written)
  const contextTiers = (written.context_tiers ?? [])
    .map(({ above, ...own }): ContextTier => ({ above, rates: { ...rates, ...tokenRates(own) } }))
    .sort((left, right) => left.above - right.above)
  return { rates, contextTiers }
}

function tokenRates(written: WrittenRates): TokenRates {
  const rates: Mutable<TokenRates> = {}
  for (const [kind, key] of Object.entries(WRITTEN_RATES) as [keyof TokenRates, keyof WrittenRates][]) {
    const usd = written[key]
    const nano = usd === undefined ? undefined : usdToNano(usd)
    if (nano !== undefined) rates[kind] = nano
  }
  return rates
}
