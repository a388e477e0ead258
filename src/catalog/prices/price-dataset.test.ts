import { calcPrice } from '@pydantic/genai-prices'
import { beforeAll, describe, expect, test } from 'bun:test'
import packageFile from '../../../package.json' with { type: 'json' }
import { costOf } from './cost-of.ts'
import { DATASET_RELEASE } from './dataset-release.data.ts'
import { overridePrice } from './override-price.ts'
import { type DatasetEntry, loadPriceDataset, type PriceDataset } from './price-dataset.ts'
import { priceAt } from './price-schedule.ts'
import { blendedPerMillion } from './rates-for.ts'
import { writtenPrice } from './written-price.ts'

const NOON = Date.parse('2026-10-01T12:00:00Z')
const NIGHT = Date.parse('2026-10-01T23:00:00Z')
let dataset: PriceDataset

beforeAll(async () => {
  dataset = await loadPriceDataset()
})

const priceOf = (provider: string, model: string, at = NOON) => {
  const price = priceAt(dataset.find(provider, model)?.schedule ?? [], at)
  if (price === undefined) throw new Error(`no price for ${provider}/${model}`)
  return price
}

describe('the published prices', () => {
  test('are the release that is pinned', () => {
    expect(packageFile.dependencies[DATASET_RELEASE.name]).toBe(DATASET_RELEASE.version)
  })

  test('agree with what the dataset itself calculates, below and above every tier, at day and at night', () => {
    const differences = dataset.entries().flatMap((entry) => [NOON, NIGHT].flatMap((at) => differencesOf(entry, at)))
    expect(dataset.entries().length).toBeGreaterThan(1_000)
    expect(differences).toEqual([])
  })

  test('hold both rates of a Claude cache write, also where the source has but one', () => {
    expect(priceOf('anthropic', 'claude-sonnet-4-5').rates).toMatchObject({
      cacheWrite5m: 3_750_000_000,
      cacheWrite1h: 6_000_000_000,
    })
    // The dataset has no one-hour rate for these.
    expect(priceOf('openrouter', 'anthropic/claude-sonnet-4.5').rates.cacheWrite1h).toBe(6_000_000_000)
    const tier = priceOf('openrouter', 'anthropic/claude-sonnet-4.5').contextTiers[0]
    expect(tier).toMatchObject({ above: 200_000, rates: { input: 6_000_000_000, cacheWrite1h: 12_000_000_000 } })
  })

  test('do not give one-hour writes to vendors that have none', () => {
    expect(priceOf('openai', 'gpt-5').rates.cacheWrite1h).toBeUndefined()
  })

  test('follow the time of day', () => {
    expect(priceOf('deepseek', 'deepseek-chat', NOON).rates.input).toBe(270_000_000)
    expect(priceOf('deepseek', 'deepseek-chat', NIGHT).rates.input).toBe(135_000_000)
  })

  test('know the half price of flex calls', () => {
    const usage = { inputTokens: 1_000, outputTokens: 1_000 }
    const standard = costOf(usage, priceOf('openai', 'gpt-5'))?.nanoDollars ?? 0
    expect(standard).toBe(11_250_000)
    expect(costOf({ ...usage, serviceTier: 'flex' }, priceOf('openai', 'gpt-5'))?.nanoDollars).toBe(standard / 2)
  })

  test('compare by input and output of a million tokens, at the length of the call', () => {
    expect(blendedPerMillion(priceOf('google', 'gemini-2.5-pro'))).toBe(11_250_000_000)
    expect(blendedPerMillion(priceOf('google', 'gemini-2.5-pro'), 200_001)).toBe(17_500_000_000)
    expect(blendedPerMillion({ rates: { input: 1 }, contextTiers: [] })).toBeUndefined()
  })

  test('are unknown, not free, where the source has no rates', () => {
    expect(dataset.find('cerebras', 'qwen-3-coder-480b')?.schedule).toEqual([])
    expect(dataset.find('openai', 'no-such-model')).toBeUndefined()
    expect(priceOf('openrouter', 'qwen/qwen3-coder:free').rates).toMatchObject({ input: 0, output: 0 })
  })

  test('are unknown where calls are charged by something usage does not count', () => {
    expect(dataset.find('openai', 'whisper-1')?.schedule).toEqual([])
  })
})

test('every published price can be written in dollars and read back without a loss', () => {
  for (const { schedule } of dataset.entries()) {
    for (const { price } of schedule) expect(overridePrice(writtenPrice(price))).toEqual(price)
  }
})

describe('a provider of the dataset', () => {
  test.each([
    ['work', 'api.openai.com', 'openai'],
    ['anthropic', 'openrouter.ai', 'openrouter'],
    ['g', 'generativelanguage.googleapis.com', 'google'],
    ['xai', '', 'x-ai'],
    ['openai', 'localhost:8000', 'openai'],
    ['mock', '', undefined],
    ['my-openai', 'localhost:8000', undefined],
    ['constructor', '', undefined],
  ])('%s at %p is %p', (providerId, host, provider) => {
    expect(dataset.providerOf(providerId, host)).toBe(provider)
  })
})

/** Compares the two calculations where both have every rate they need. */
function differencesOf({ provider, model, schedule }: DatasetEntry, at: number): readonly string[] {
  const price = priceAt(schedule, at)
  // The same id may stand twice; the source's own look-up decides which one counts.
  if (price?.rates.input === undefined || dataset.find(provider, model)?.model !== model) return []
  const sizes = [1_000, ...price.contextTiers.flatMap(({ above }) => [above, above + 1])]
  return sizes.flatMap((inputTokens) => {
    const cacheReadTokens = price.rates.cacheRead === undefined ? 0 : 300
    // Only where the source has a rate of its own; the vendor's rule says the rest.
    const source = calcPrice({}, model, { providerId: provider, timestamp: new Date(at) })?.model_price
    const cacheWriteTokens = source?.['cache_write_mtok'] === undefined ? 0 : 200
    const outputTokens = price.rates.output === undefined ? 0 : 777
    const ours = costOf({ inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens }, price)?.nanoDollars
    const usage = {
      input_tokens: inputTokens,
      output_tokens: outputTokens,
      cache_read_tokens: cacheReadTokens,
      cache_write_tokens: cacheWriteTokens,
    }
    const theirs = calcPrice(usage, model, { providerId: provider, timestamp: new Date(at) })?.total_price
    return ours !== undefined && theirs !== undefined && Math.abs(ours - theirs * 1e9) <= 1
      ? []
      : [`${provider}/${model} at ${inputTokens}: ours ${String(ours)}, theirs ${String(theirs)}`]
  })
}
