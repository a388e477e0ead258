import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { nanoToUsd, usdToNano, usdToNearestNano } from './usd.ts'

describe('dollars and nano-dollars', () => {
  test.each([
    [3, 3_000_000_000],
    [0.1, 100_000_000],
    [0.003625, 3_625_000],
    ['0.075', 75_000_000],
    ['1e-9', 1],
    [1e-7, 100],
    [0, 0],
    ['2.50', 2_500_000_000],
  ])('%p are %p nano-dollars', (usd, nano) => {
    expect(usdToNano(usd)).toBe(nano)
  })

  test.each(['-1', '', 'abc', '1,5', '0.0000000001', '1e300', '99999999', Number.NaN, Number.POSITIVE_INFINITY, -0.5, '0x10'])(
    '%p is no price',
    (text) => {
      expect(usdToNano(text)).toBeUndefined()
    },
  )

  test('rounds half up where the source has more decimals', () => {
    expect(usdToNearestNano(0.083_333_333_333_333_34)).toBe(83_333_333)
    expect(usdToNearestNano(0.000_000_000_5)).toBe(1)
    expect(usdToNearestNano(0.000_000_000_4)).toBe(0)
  })

  test('what is written can be read again without a loss', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (nano) => {
        expect(usdToNano(nanoToUsd(nano))).toBe(nano)
      }),
    )
  })
})
