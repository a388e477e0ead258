import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { costOf } from '../catalog/prices/cost-of.ts'
import { asProviderId, targetIdOf } from '../ir/ids.ts'
import type { TargetPrice } from '../ir/snapshot.ts'
import { blendedPrice, expectedCost, NOTHING_OBSERVED, type Candidate } from './candidate.ts'

const target = { id: targetIdOf('p', 'm'), provider: asProviderId('p'), model: 'm', format: 'openai' } as const
const candidate = (price: TargetPrice | undefined): Candidate => ({
  target,
  position: 0,
  facts: { capabilities: {}, tags: [], price },
  observed: NOTHING_OBSERVED,
  standing: 'healthy',
})
const PRICE: TargetPrice = {
  rates: { input: 2e9, output: 10e9, cacheRead: 2e8 },
  contextTiers: [{ above: 200_000, rates: { input: 4e9, output: 15e9, cacheRead: 4e8 } }],
  perRequest: 5_000_000,
}
const asked = (estimatedInputTokens: number, maxOutputTokens: number, more: object = {}) => ({
  estimatedInputTokens,
  maxOutputTokens,
  session: undefined,
  ...more,
})

describe('the expected cost of a request', () => {
  test('is what the call will be billed when it uses what was expected', () => {
    const rate = fc.nat({ max: 600_000_000_000 })
    const rates = fc.record({ input: rate, output: rate, cacheRead: fc.option(rate, { nil: undefined }) })
    const price = fc.record({
      rates,
      contextTiers: fc.array(fc.record({ above: fc.nat({ max: 900_000 }), rates }), { maxLength: 2 }),
      perRequest: fc.option(rate, { nil: undefined }),
    })
    const sizes = fc.tuple(fc.nat({ max: 1_000_000 }), fc.nat({ max: 1_000 }), fc.nat({ max: 1_000_000 }))
    fc.assert(
      fc.property(price, sizes, (at, [input, output, cached]) => {
        const session = { target: target.id, cachedTokens: cached }
        const usage = { inputTokens: input, outputTokens: output, cacheReadTokens: Math.min(cached, input) }
        expect(expectedCost(candidate(at), asked(input, output, { session }))).toBe(costOf(usage, at)?.nanoDollars)
      }),
    )
  })

  test('counts the tier of the prompt’s size, the fee of each call, and the usual length of an answer', () => {
    const fee = 5_000_000
    expect(expectedCost(candidate(PRICE), asked(200_000, 100))).toBe(200_000 * 2_000 + 100 * 10_000 + fee)
    expect(expectedCost(candidate(PRICE), asked(200_001, 100))).toBe(200_001 * 4_000 + 100 * 15_000 + fee)
    expect(expectedCost(candidate(PRICE), asked(1_000, 64_000))).toBe(1_000 * 2_000 + 1_000 * 10_000 + fee)
  })

  test('takes what its session has cached there for the rate of cached input, and only there', () => {
    const here = { session: { target: target.id, cachedTokens: 9_000 } }
    const elsewhere = { session: { target: targetIdOf('p', 'other'), cachedTokens: 9_000 } }
    expect(expectedCost(candidate(PRICE), asked(10_000, 0, here))).toBe(9_000 * 200 + 1_000 * 2_000 + 5_000_000)
    expect(expectedCost(candidate(PRICE), asked(10_000, 0, elsewhere))).toBe(10_000 * 2_000 + 5_000_000)
    expect(expectedCost(candidate(PRICE), asked(4_000, 0, here))).toBe(4_000 * 200 + 5_000_000)
  })

  test('is unknown without a price, or without a rate for prompts of that size', () => {
    const half = { ...PRICE, contextTiers: [{ above: 10_000, rates: { input: 4e9 } }] }
    expect(expectedCost(candidate(undefined), asked(1, 1))).toBeUndefined()
    expect(expectedCost(candidate(half), asked(10_001, 1))).toBeUndefined()
    expect(blendedPrice(candidate(half), asked(10_001, 1))).toBeUndefined()
    expect(blendedPrice(candidate(half), asked(10_000, 1))).toBe(12e9)
  })
})
