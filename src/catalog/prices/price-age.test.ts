import { expect, test } from 'bun:test'
import { priceAge } from './price-age.ts'

const noon = (day: string): number => Date.parse(`${day}T12:00:00Z`)

test('a price is stale after 60 days, not at 60', () => {
  expect(priceAge('2026-01-01', noon('2026-03-02'))).toEqual({ days: 60, stale: false })
  expect(priceAge('2026-01-01', noon('2026-03-03'))).toEqual({ days: 61, stale: true })
})

test('a price of tomorrow is not older than one of today', () => {
  expect(priceAge('2026-01-02', noon('2026-01-01'))).toEqual({ days: 0, stale: false })
})

test('an unknown day has no age', () => {
  expect(priceAge(undefined, 0)).toBeUndefined()
  expect(priceAge('soon', 0)).toBeUndefined()
})
