import { expect, test } from 'bun:test'
import type { ModelPrice } from '../../ir/price.ts'
import { priceAt } from './price-schedule.ts'

const price = (input: number): ModelPrice => ({ rates: { input }, contextTiers: [] })
const at = (time: string): number => Date.parse(time)
const hours = (count: number): number => count * 3_600_000

test('a price holds from its first millisecond on', () => {
  const schedule = [
    { window: { kind: 'always' }, price: price(1) },
    { window: { kind: 'from', start: at('2026-08-17T00:00:00Z') }, price: price(2) },
  ] as const
  expect(priceAt(schedule, at('2026-08-16T23:59:59.999Z'))).toEqual(price(1))
  expect(priceAt(schedule, at('2026-08-17T00:00:00Z'))).toEqual(price(2))
})

test('a daily price holds from its first moment up to, not at, its last', () => {
  const schedule = [
    { window: { kind: 'always' }, price: price(1) },
    { window: { kind: 'daily', from: hours(0.5), until: hours(16.5) }, price: price(2) },
  ] as const
  expect(priceAt(schedule, at('2026-01-01T00:29:59.999Z'))).toEqual(price(1))
  expect(priceAt(schedule, at('2026-01-01T00:30:00Z'))).toEqual(price(2))
  expect(priceAt(schedule, at('2026-01-01T16:29:59.999Z'))).toEqual(price(2))
  expect(priceAt(schedule, at('2026-01-01T16:30:00Z'))).toEqual(price(1))
})

test('a daily price may reach over midnight', () => {
  const schedule = [
    { window: { kind: 'always' }, price: price(1) },
    { window: { kind: 'daily', from: hours(22), until: hours(2) }, price: price(2) },
  ] as const
  for (const time of ['22:00:00', '23:59:59', '00:00:00', '01:59:59']) {
    expect(priceAt(schedule, at(`2026-01-01T${time}Z`))).toEqual(price(2))
  }
  expect(priceAt(schedule, at('2026-01-01T02:00:00Z'))).toEqual(price(1))
  expect(priceAt(schedule, at('2026-01-01T21:59:59Z'))).toEqual(price(1))
})

test('before the first day of all, the first price stands; without prices there is none', () => {
  expect(priceAt([{ window: { kind: 'from', start: at('2026-01-01') }, price: price(1) }], 0)).toEqual(price(1))
  expect(priceAt([], 0)).toBeUndefined()
})
