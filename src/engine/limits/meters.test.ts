import { describe, expect, test } from 'bun:test'
import type { BudgetRule, RateRule } from '../../ir/limits.ts'
import { Meters } from './meters.ts'

const DAY_MS = 86_400_000
const NOON = Date.UTC(2026, 0, 10, 12)

const budget = (period: BudgetRule['period']): BudgetRule => ({
  scope: 'global',
  subject: '',
  counter: `global:/usd/${period}`,
  soft: [],
  measure: 'usd',
  limit: 100,
  period,
  timeZone: 'UTC',
})
const rate = (window: RateRule['window']): RateRule => ({
  scope: 'global',
  subject: '',
  counter: 'global:/requests',
  soft: [],
  measure: 'requests',
  limit: 5,
  window,
})

describe('a meter', () => {
  test('of a day tells the day that runs, also when the clock goes back', () => {
    const meter = new Meters().of(budget('day'))
    const starts = [NOON, NOON + 1, NOON + DAY_MS, NOON].map((wall) => meter.claim(7, wall))
    expect(starts.map((claim) => claim.kind === 'period' && claim.start)).toEqual([
      NOON - DAY_MS / 2,
      NOON - DAY_MS / 2,
      NOON + DAY_MS / 2,
      NOON - DAY_MS / 2,
    ])
    expect(starts[0]).toEqual({
      kind: 'period',
      counter: 'global:/usd/day',
      amount: 7,
      limit: 100,
      start: NOON - DAY_MS / 2,
      end: NOON + DAY_MS / 2,
    })
  })

  test('of a total tells a period without an end, and of a fixed window the minute', () => {
    expect(new Meters().of(budget('total')).claim(1, NOON)).toMatchObject({ start: 0, end: undefined })
    const minute = new Meters().of(rate('fixed'))
    expect(minute.claim(1, NOON + 59_999)).toMatchObject({ kind: 'period', start: NOON, end: NOON + 60_000 })
    expect(minute.claim(1, NOON + 60_000)).toMatchObject({ start: NOON + 60_000, end: NOON + 120_000 })
    expect(new Meters().of(rate('sliding')).claim(3, NOON)).toMatchObject({ kind: 'sliding', amount: 3, windowMs: 60_000 })
  })
})
