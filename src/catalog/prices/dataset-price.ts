import type { ModelPrice as DatasetRates } from '@pydantic/genai-prices'
import type { ContextTier, ModelPrice, RateSchedule, TokenRates } from '../../ir/price.ts'
import { CLAUDE_CACHE_WRITES, FREE_CALLS, FREE_MODELS, SERVICE_TIER_SHARES } from './published-rules.data.ts'
import { usdToNearestNano } from './usd.ts'

type Mutable<Type> = { -readonly [Name in keyof Type]: Type[Name] }
type DatasetRate = DatasetRates[string]

/** Where a price in dollars per million tokens belongs. */
const TOKEN_KEYS: Readonly<Record<string, keyof TokenRates>> = {
  input_mtok: 'input',
  cache_read_mtok: 'cacheRead',
  cache_write_mtok: 'cacheWrite5m',
  cache_write_1h_mtok: 'cacheWrite1h',
  input_image_mtok: 'inputImage',
  input_audio_mtok: 'inputAudio',
  input_video_mtok: 'inputVideo',
  output_mtok: 'output',
  output_reasoning_mtok: 'reasoning',
  output_image_mtok: 'outputImage',
  output_audio_mtok: 'outputAudio',
  output_video_mtok: 'outputVideo',
}
/** Kinds of hosted calls as usage names them; the dataset has dollars per thousand. */
const CALL_KEYS: Readonly<Record<string, string>> = {
  web_searches_kcount: 'web_search_requests',
  storage_searches_kcount: 'file_search_requests',
}
/** Rates of cached audio and images: dearer kinds count as fresh (see `costOf`), so these are never asked for. */
const UNUSED_KEYS: ReadonlySet<string> = new Set(['cache_audio_read_mtok', 'cache_image_read_mtok'])

/**
 * A price of the dataset in our terms, with what the vendor's published rules add. Undefined when it charges for something that a
 * call's usage does not count (hours, pages, messages): half a price would be a wrong one. Undefined also without any rate, which
 * the dataset itself would count as free.
 */
export function datasetPrice(provider: string, model: string, source: DatasetRates): ModelPrice | undefined {
  const keys = Object.keys(source).filter((key) => source[key] !== undefined)
  if (!keys.every((key) => isCounted(key))) return undefined
  if (keys.length === 0) return isFree(provider, model) ? FREE : undefined
  const complete = (rates: TokenRates): TokenRates => withCacheWrites(provider, model, rates)
  const schedule: RateSchedule = {
    rates: complete(tokenRates(source, 0)),
    contextTiers: tierStarts(source).map((above): ContextTier => ({ above, rates: complete(tokenRates(source, above + 1)) })),
  }
  const price: Mutable<ModelPrice> = { ...schedule }
  const shares = Object.entries(SERVICE_TIER_SHARES[provider] ?? {})
  if (shares.length > 0) price.serviceTiers = Object.fromEntries(shares.map(([tier, ratio]) => [tier, share(schedule, ratio)]))
  const perRequest = perThousand(source['requests_kcount'])
  if (perRequest !== undefined) price.perRequest = perRequest
  const perCall = callRates(provider, source)
  if (perCall.length > 0) price.perCall = Object.fromEntries(perCall)
  return price
}

const FREE: ModelPrice = { rates: { input: 0, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0, output: 0 }, contextTiers: [] }

const isFree = (provider: string, model: string): boolean =>
  provider === FREE_MODELS.provider && model.endsWith(FREE_MODELS.suffix)

const isCounted = (key: string): boolean =>
  Object.hasOwn(TOKEN_KEYS, key) || Object.hasOwn(CALL_KEYS, key) || UNUSED_KEYS.has(key) || key === 'requests_kcount'

/** All starts of tiers, rising. The dataset applies a tier above its start. */
function tierStarts(source: DatasetRates): readonly number[] {
  const starts = Object.values(source).flatMap((rate) => (typeof rate === 'object' ? rate.tiers.map(({ start }) => start) : []))
  return [...new Set(starts)].sort((left, right) => left - right)
}

function tokenRates(source: DatasetRates, inputTokens: number): TokenRates {
  const rates: Mutable<TokenRates> = {}
  for (const [key, kind] of Object.entries(TOKEN_KEYS)) {
    const nano = nanoAt(source[key], inputTokens)
    if (nano !== undefined) rates[kind] = nano
  }
  return rates
}

function nanoAt(rate: DatasetRate, inputTokens: number): number | undefined {
  if (rate === undefined) return undefined
  if (typeof rate === 'number') return usdToNearestNano(rate)
  const tiers = rate.tiers.filter(({ start }) => inputTokens > start).sort((left, right) => left.start - right.start)
  return usdToNearestNano(tiers.at(-1)?.price ?? rate.base)
}

function withCacheWrites(provider: string, model: string, rates: TokenRates): TokenRates {
  const { providers, model: pattern, fiveMinutes, oneHour } = CLAUDE_CACHE_WRITES
  if (rates.input === undefined || !providers.includes(provider) || !pattern.test(model)) return rates
  return {
    ...rates,
    cacheWrite5m: rates.cacheWrite5m ?? times(rates.input, fiveMinutes),
    cacheWrite1h: rates.cacheWrite1h ?? times(rates.input, oneHour),
  }
}

function share({ rates, contextTiers }: RateSchedule, ratio: readonly [number, number]): RateSchedule {
  return {
    rates: shareOf(rates, ratio),
    contextTiers: contextTiers.map(({ above, rates: tierRates }) => ({ above, rates: shareOf(tierRates, ratio) })),
  }
}

function shareOf(full: TokenRates, ratio: readonly [number, number]): TokenRates {
  const rates: Mutable<TokenRates> = {}
  for (const kind of Object.values(TOKEN_KEYS)) {
    const rate = full[kind]
    if (rate !== undefined) rates[kind] = times(rate, ratio)
  }
  return rates
}

function callRates(provider: string, source: DatasetRates): readonly (readonly [kind: string, nano: number])[] {
  const free = (FREE_CALLS[provider] ?? []).map((kind) => [kind, 0] as const)
  const priced = Object.entries(CALL_KEYS).flatMap(([key, kind]) => {
    const nano = perThousand(source[key])
    return nano === undefined ? [] : [[kind, nano] as const]
  })
  return [...free, ...priced]
}

/** Dollars per thousand as nano-dollars for one. */
function perThousand(rate: DatasetRate): number | undefined {
  const nano = nanoAt(rate, 0)
  return nano === undefined ? undefined : Math.round(nano / 1_000)
}

const times = (rate: number, [numerator, denominator]: readonly [number, number]): number =>
  Math.round((rate * numerator) / denominator)
