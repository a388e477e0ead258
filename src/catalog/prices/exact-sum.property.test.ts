import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { ExactSum } from './exact-sum.ts'

/** Small, large, and just about where numbers stop being exact. */
const product = fc.oneof(
  fc.tuple(fc.nat({ max: 5_000_000 }), fc.nat({ max: 600_000_000_000 })),
  fc.tuple(fc.constant(1), fc.integer({ min: Number.MAX_SAFE_INTEGER - 2_000_000, max: Number.MAX_SAFE_INTEGER })),
  fc.tuple(fc.nat({ max: 10 }), fc.nat({ max: 1_000_000 })),
)

test('a sum is exact to the nano-dollar at every step, however large', () => {
  fc.assert(
    fc.property(fc.array(product, { maxLength: 12 }), fc.constantFrom(1, 1_000_000), (products, scale) => {
      const sum = new ExactSum()
      let exact = 0n
      for (const [units, rate] of products) {
        sum.add(units, rate, scale)
        exact += BigInt(units) * BigInt(rate) * BigInt(scale)
        const rounded = (exact + 500_000n) / 1_000_000n
        if (rounded <= BigInt(Number.MAX_SAFE_INTEGER)) expect(sum.nanoDollars).toBe(Number(rounded))
        else expect(Number.isSafeInteger(sum.nanoDollars)).toBe(false)
      }
    }),
    { numRuns: 500 },
  )
})
