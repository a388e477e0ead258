import { describe, expect, test } from 'bun:test'
import { DATASET_RELEASE } from './dataset-release.data.ts'
import { createLazyPrices } from './lazy-prices.ts'
import type { ModelPrice } from '../../ir/price.ts'
import { compileOverrides } from './override-prices.ts'
import { createPriceBook } from './price-book.ts'
import type { PriceDataset } from './price-dataset.ts'
import type { ModelPriceEntry } from './prices.schema.ts'

const price = (input: number): ModelPrice => ({ rates: { input, output: input }, contextTiers: [] })
const NOW = Date.parse('2026-11-01T12:00:00Z')

/** A dataset of one provider, `vendor`, with one model; counts how often it is asked. */
function scriptedDataset(): PriceDataset & { asked: number } {
  return {
    asked: 0,
    providerOf: (providerId, host) => (host === 'api.vendor.example' || providerId === 'vendor' ? 'vendor' : undefined),
    find(provider, model) {
      this.asked += 1
      const schedule = [
        { window: { kind: 'always' }, price: price(1) },
        { window: { kind: 'from', start: NOW + 1_000 }, price: price(2) },
      ] as const
      return provider === 'vendor' && model === 'm' ? { provider, model, schedule } : undefined
    },
    entries: () => [],
  }
}

const query = (providerId: string, model: string, host = '') => ({ providerId, host, model })

describe('the price book', () => {
  test('says which release of the dataset a price is from, and of when', () => {
    const book = createPriceBook(scriptedDataset(), compileOverrides())
    expect(book.priceOf(query('vendor', 'm'), NOW)).toEqual({
      price: price(1),
      source: 'genai-prices',
      version: DATASET_RELEASE.version,
      asOf: DATASET_RELEASE.asOf,
    })
  })

  test('follows a price that changes with time, although the model is remembered', () => {
    const book = createPriceBook(scriptedDataset(), compileOverrides())
    expect(book.priceOf(query('vendor', 'm'), NOW + 999)?.price).toEqual(price(1))
    expect(book.priceOf(query('vendor', 'm'), NOW + 1_000)?.price).toEqual(price(2))
  })

  test("puts the operator's price first, under the configuration's name or the dataset's", () => {
    const book = createPriceBook(
      scriptedDataset(),
      compileOverrides({ 'work/m': { input: 5, as_of: '2026-10-01' }, 'vendor/m': { input: 7 } }),
    )
    const quote = book.priceOf(query('work', 'm', 'api.vendor.example'), NOW)
    expect(quote).toMatchObject({ source: 'override', asOf: '2026-10-01', price: { rates: { input: 5_000_000_000 } } })
    expect(quote?.version).toMatch(/^sha256:[0-9a-f]{12}$/)
    expect(book.priceOf(query('other', 'm', 'api.vendor.example'), NOW)?.price.rates.input).toBe(7_000_000_000)
  })

  test('takes the exact name before the longest pattern', () => {
    const book = createPriceBook(
      scriptedDataset(),
      compileOverrides({ 'local/*': { input: 1 }, 'local/big-*': { input: 2 }, 'local/big-one': { input: 3 } }),
    )
    const input = (model: string): number | undefined => book.priceOf(query('local', model), NOW)?.price.rates.input
    expect([input('small'), input('big-two'), input('big-one')]).toEqual([1_000_000_000, 2_000_000_000, 3_000_000_000])
  })

  test('does not know a price that nobody gave', () => {
    const book = createPriceBook(scriptedDataset(), compileOverrides())
    expect(book.priceOf(query('nobody', 'm'), NOW)).toBeUndefined()
    expect(book.priceOf(query('vendor', 'unheard-of'), NOW)).toBeUndefined()
  })

  test('searches for a model once, known or not, and again only when its memory is full', () => {
    const dataset = scriptedDataset()
    const book = createPriceBook(dataset, compileOverrides())
    for (let turn = 0; turn < 3; turn++) {
      book.priceOf(query('vendor', 'm'), NOW)
      book.priceOf(query('vendor', 'unheard-of'), NOW)
    }
    expect(dataset.asked).toBe(2)
    for (let index = 0; index < 4_096; index++) book.priceOf(query('vendor', `x${index}`), NOW)
    book.priceOf(query('vendor', 'm'), NOW)
    expect(dataset.asked).toBe(2 + 4_096 + 1)
  })

  test('gives new prices of the operator at once, and forgets those that are gone', () => {
    const book = createPriceBook(scriptedDataset(), compileOverrides({ 'vendor/m': { input: 9 } }))
    expect(book.priceOf(query('vendor', 'm'), NOW)?.source).toBe('override')
    book.replaceOverrides(compileOverrides({ 'nobody/m': { input: 4 } }))
    expect(book.priceOf(query('vendor', 'm'), NOW)?.source).toBe('genai-prices')
    expect(book.priceOf(query('nobody', 'm'), NOW)?.price.rates.input).toBe(4_000_000_000)
  })
})

describe("the operator's prices", () => {
  test('have a version that changes with the price and with nothing else', () => {
    const versionOf = (entry: ModelPriceEntry): string | undefined => compileOverrides({ 'a/b': entry }).find('a', 'b')?.version
    expect(versionOf({ input: 1, output: 2 })).toBe(versionOf({ output: '2.00', input: '1', as_of: '2026-01-01' }))
    expect(versionOf({ input: 1, output: 2 })).not.toBe(versionOf({ input: 1, output: 3 }))
  })

  test('of a later set stand before those of an earlier one', () => {
    const both = compileOverrides({ 'a/b': { input: 1 }, 'a/c': { input: 1 } }, { 'a/b': { input: 2 } })
    expect(both.find('a', 'b')?.price.rates.input).toBe(2_000_000_000)
    expect(both.all).toHaveLength(2)
  })

  test('take over in a tier what the tier leaves out', () => {
    const tiered = compileOverrides({
      'a/b': {
        input: 1,
        output: 2,
        context_tiers: [
          { above: 9, input: 3 },
          { above: 5, input: 2 },
        ],
      },
    })
    expect(tiered.find('a', 'b')?.price.contextTiers).toEqual([
      { above: 5, rates: { input: 2_000_000_000, output: 2_000_000_000 } },
      { above: 9, rates: { input: 3_000_000_000, output: 2_000_000_000 } },
    ])
  })
})

describe('lazy prices', () => {
  test('load nothing before somebody asks, and once for everybody who asks', async () => {
    let loads = 0
    const prices = createLazyPrices(async () => {
      loads += 1
      return scriptedDataset()
    })
    expect({ loads, book: prices.book }).toEqual({ loads: 0, book: undefined })
    const [first, second] = await Promise.all([prices.warm(), prices.warm()])
    expect(loads).toBe(1)
    expect(first).toBe(second)
    expect(prices.book).toBe(first)
  })

  test("keep the operator's prices that came before the load, and those that come after it", async () => {
    const prices = createLazyPrices(async () => scriptedDataset())
    prices.replaceOverrides(compileOverrides({ 'a/b': { input: 1 } }))
    const book = await prices.warm()
    expect(book.priceOf(query('a', 'b'), NOW)?.price.rates.input).toBe(1_000_000_000)
    prices.replaceOverrides(compileOverrides({ 'a/b': { input: 2 } }))
    expect(book.priceOf(query('a', 'b'), NOW)?.price.rates.input).toBe(2_000_000_000)
  })

  test('try again after a load that failed', async () => {
    let loads = 0
    const prices = createLazyPrices(async () => {
      loads += 1
      if (loads === 1) throw new Error('no memory')
      return scriptedDataset()
    })
    expect(await prices.warm().catch((cause: unknown) => cause)).toBeInstanceOf(Error)
    expect(await prices.warm()).toBeDefined()
    expect(loads).toBe(2)
  })
})
