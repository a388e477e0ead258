import { describe, expect, test } from 'bun:test'
import { targetIdOf } from '../ir/ids.ts'
import { Certifications } from './certifications.ts'

const TARGET = targetIdOf('p', 'm')
const AT = Date.UTC(2026, 0, 31, 23)
const DAY = 86_400_000

const standing = (
  found: { at?: number; endpoint?: string | undefined },
  terms: { now?: number; maxAgeMs?: number | undefined; endpoint?: string | undefined } = {},
) =>
  new Certifications(new Map([[TARGET, { at: AT, endpoint: 'e', ...found }]])).standingOf(TARGET, {
    now: AT + DAY,
    maxAgeMs: 30 * DAY,
    endpoint: 'e',
    ...terms,
  })

describe('a certification', () => {
  test('that was never made is none', () => {
    expect(new Certifications().standingOf(TARGET, { now: AT, maxAgeMs: undefined, endpoint: 'e' })).toEqual({})
  })

  test('counts from its day to its greatest age, and also when the clock of whoever made it was ahead', () => {
    expect(standing({})).toEqual({ certified: '2026-01-31' })
    expect(standing({}, { now: AT + 30 * DAY })).toEqual({ certified: '2026-01-31' })
    expect(standing({}, { now: AT + 30 * DAY + 1 })).toEqual({ lapsed: { day: '2026-01-31', cause: 'age' } })
    expect(standing({}, { now: AT - DAY })).toEqual({ certified: '2026-01-31' })
    expect(standing({}, { now: AT + 10_000 * DAY, maxAgeMs: undefined })).toEqual({ certified: '2026-01-31' })
  })

  test('is void at another address, and not where nobody noted any', () => {
    expect(standing({}, { endpoint: 'f' })).toEqual({ lapsed: { day: '2026-01-31', cause: 'endpoint' } })
    expect(standing({ endpoint: undefined })).toEqual({ certified: '2026-01-31' })
    expect(standing({}, { endpoint: undefined })).toEqual({ certified: '2026-01-31' })
  })

  test('without a time is none', () => {
    expect(standing({ at: Number.NaN })).toEqual({})
  })
})
