import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { timeSpanHint, timeSpanMs, timeSpanText } from './time-span.ts'

test.each([
  ['30m', 1_800_000],
  ['2h', 7_200_000],
  ['1h30m', 5_400_000],
  ['45s', 45_000],
  ['1d12h', 129_600_000],
  ['2w', 1_209_600_000],
  [' 5M ', 300_000],
  ['90m', 5_400_000],
])('%p is a span', (text, ms) => {
  expect(timeSpanMs(text)).toBe(ms)
})

test.each(['', '0m', '30', '1800', 'm', '-5m', '1.5h', '1e3s', '30 m', '30m1h', '1h1h', '5ms', 'forever', '9999999999s', '٣m'])(
  '%p is none',
  (text) => {
    expect(timeSpanMs(text)).toBeUndefined()
  },
)

test('a number without a unit is told the units', () => {
  expect(timeSpanHint('1800')).toContain('1800s, 1800m or 1800h')
  expect(timeSpanHint('soon')).toContain('30m, 2h or 1h30m')
})

test.each([
  [1_800_000, '30m'],
  [5_400_000, '1h30m'],
  [3_599_001, '1h'],
  [3_601_000, '1h'],
  [93_600_000, '1d2h'],
  [400, '1s'],
  [0, '1s'],
])('%p ms are told as %p', (ms, text) => {
  expect(timeSpanText(ms)).toBe(text)
})

test('what is told is a span again, at most a unit short', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 366 * 86_400_000 }), (ms) => {
      const told = timeSpanMs(timeSpanText(ms)) ?? 0
      expect(told).toBeGreaterThan(ms / 2)
      expect(told).toBeLessThanOrEqual(ms + 1_000)
    }),
  )
})
