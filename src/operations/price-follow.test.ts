import { afterEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ManualClock } from '../../test/support/manual-clock.ts'
import { createLazyPrices } from '../catalog/prices/lazy-prices.ts'
import { createFilePrices } from '../state/prices/file.ts'
import { replacePriceFile } from '../state/prices/price-file.ts'
import { followPrices } from './price-follow.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

/** A gateway's prices, following a file that starts with these words. */
async function following(text: string) {
  const folder = mkdtempSync(join(tmpdir(), 'switchback-prices-'))
  folders.push(folder)
  const path = join(folder, 'prices.json')
  replacePriceFile(path, text)
  const clock = new ManualClock(Date.UTC(2026, 10, 1))
  const prices = createLazyPrices()
  const warnings: string[] = []
  const stop = followPrices({ store: createFilePrices({ path, clock }), prices, warn: (message) => void warnings.push(message) })
  const book = await prices.warm()
  const quote = () => book.priceOf({ providerId: 'acme', host: '', model: 'm' }, clock.wall())
  return { path, clock, warnings, stop, quote, input: () => quote()?.price.rates.input }
}

const file = (input: unknown): string => JSON.stringify({ as_of: '2026-10-01', prices: { 'acme/m': { input, output: 1 } } })

describe("a gateway that follows the operator's prices", () => {
  test('has them from the start, dated', async () => {
    const { quote } = await following(file(2))
    expect(quote()).toMatchObject({ source: 'override', asOf: '2026-10-01', price: { rates: { input: 2_000_000_000 } } })
  })

  test('takes a changed file over within three seconds', async () => {
    const { path, clock, input } = await following(file(2))
    replacePriceFile(path, file('3.5'))
    await clock.advance(2_999)
    expect(input()).toBe(2_000_000_000)
    await clock.advance(1)
    expect(input()).toBe(3_500_000_000)
  })

  test('stays at the last good prices when the file is broken, says so once, and takes the repaired one', async () => {
    const { path, clock, input, warnings } = await following(file(2))
    replacePriceFile(path, file('free'))
    await clock.advance(9_000)
    expect(input()).toBe(2_000_000_000)
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toContain('prices["acme/m"].input: Expected dollars of 0 or more')
    replacePriceFile(path, file(4))
    await clock.advance(3_000)
    expect(input()).toBe(4_000_000_000)
  })

  test('knows no price any more when the file has gone', async () => {
    const { path, clock, quote } = await following(file(2))
    rmSync(path)
    await clock.advance(3_000)
    expect(quote()).toBeUndefined()
  })

  test('leaves no timer behind', async () => {
    const { clock, stop } = await following(file(2))
    stop()
    expect(clock.pending).toBe(0)
  })
})
