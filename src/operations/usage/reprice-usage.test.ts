import { describe, expect, test } from 'bun:test'
import { compileOverrides } from '../../catalog/prices/override-prices.ts'
import { createPriceBook, type PriceBook } from '../../catalog/prices/price-book.ts'
import type { PriceEntries } from '../../catalog/prices/prices.schema.ts'
import { exampleParty, exampleSettlement, TEN } from '../../state/ledger/conformance.ts'
import { createMemoryLedger } from '../../state/ledger/memory.ts'
import { repriceUsage, type RepriceOptions } from './reprice-usage.ts'

const bookOf = (prices: PriceEntries): PriceBook =>
  createPriceBook({ providerOf: () => undefined, find: () => undefined, entries: () => [] }, compileOverrides(prices))

const options = (prices: PriceEntries, more: Partial<RepriceOptions> = {}): RepriceOptions => ({
  since: TEN - 3_600_000,
  until: TEN + 3_600_000,
  prices: bookOf(prices),
  hostOf: () => '',
  dryRun: false,
  now: TEN + 86_400_000,
  ...more,
})

const unpriced = { nanos: undefined, price: undefined, lines: undefined, saved_nanos: undefined }
const USED = { inputTokens: 1_000, cacheReadTokens: 400, outputTokens: 100 }

async function ledger() {
  const store = createMemoryLedger()
  await store.write([
    exampleSettlement('req_a.0', { ...unpriced, usage: USED }),
    exampleSettlement('req_b.0', { usage: USED, nanos: 900_000, saved_nanos: 0 }),
    exampleSettlement('req_c.0', { usage: undefined, nanos: 0 }),
    exampleSettlement('req_d.0', { ...unpriced, usage: undefined }),
    exampleSettlement('req_e.0', { ...unpriced, usage: USED, party: { ...exampleParty, model: 'other' } }),
  ])
  const sums = async () => (await store.rollups({ since: TEN, until: TEN + 3_600_000, groupBy: [], filter: {} }))[0]!.sums
  return { store, sums }
}

// 600 × 1,000 + 400 × 100 + 100 × 2,000
const PRICE = { 'acme/large': { input: 1, output: 2, cache_read: 0.1 } }

describe('pricing again', () => {
  test('appends the difference to each attempt, in the hour of the attempt, and changes no entry', async () => {
    const { store, sums } = await ledger()
    expect(await repriceUsage(store, options(PRICE))).toMatchObject({
      dry_run: false,
      examined: 5,
      adjusted: 2,
      newly_known: 1,
      unchanged: 1,
      still_unknown: 2,
      before_nanos: 900_000,
      after_nanos: 1_680_000,
      difference_nanos: 780_000,
    })
    expect(await sums()).toMatchObject({
      settled_nanos: 900_000n,
      adjusted_nanos: 780_000n,
      unknown_cost: 2n,
      saved_nanos: 720_300n,
    })
    const { entries } = await store.entries({ request: 'req_a' })
    expect(entries).toMatchObject([
      {
        kind: 'adjustment',
        id: 'req_a.0/1',
        at: TEN,
        made_at: TEN + 86_400_000,
        nanos: 840_000,
        was_unknown: true,
        price: { source: 'override' },
      },
      { kind: 'settlement', nanos: undefined },
    ])
  })

  test('done twice adds nothing, and by another price the new difference alone', async () => {
    const { store, sums } = await ledger()
    await repriceUsage(store, options(PRICE))
    expect(await repriceUsage(store, options(PRICE))).toMatchObject({ adjusted: 0, unchanged: 3, difference_nanos: 0 })
    await repriceUsage(store, options({ 'acme/large': { input: 2, output: 2, cache_read: 0.1 } }))
    expect((await sums()).adjusted_nanos).toBe(780_000n + 1_200_000n)
    expect((await store.entries({ request: 'req_a' })).entries.map(({ id }) => id)).toEqual(['req_a.0/2', 'req_a.0/1', 'req_a.0'])
  })

  test('as a dry run tells the same and writes nothing', async () => {
    const { store, sums } = await ledger()
    expect(await repriceUsage(store, options(PRICE, { dryRun: true }))).toMatchObject({
      dry_run: true,
      adjusted: 2,
      difference_nanos: 780_000,
    })
    expect((await sums()).adjusted_nanos).toBe(0n)
  })

  test('keeps to the models and times that were asked for', async () => {
    const { store } = await ledger()
    const prices = { 'acme/*': { input: 1, output: 2 } }
    expect(await repriceUsage(store, options(prices, { model: 'oth*' }))).toMatchObject({ examined: 1, newly_known: 1 })
    expect(await repriceUsage(store, options(prices, { since: TEN + 1 }))).toMatchObject({ examined: 0 })
    expect(await repriceUsage(store, options(prices, { provider: 'nobody' }))).toMatchObject({ examined: 0 })
  })
})
