import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { Usage } from '../../ir/usage.ts'
import { type Cost, costOf, nanosOf } from './cost-of.ts'
import type { ModelPrice, TokenRates } from '../../ir/price.ts'

const rate = fc.nat({ max: 600_000_000_000 })
const rates: fc.Arbitrary<TokenRates> = fc.record(
  {
    input: rate,
    output: rate,
    cacheRead: rate,
    cacheWrite5m: rate,
    cacheWrite1h: rate,
    inputAudio: rate,
    outputAudio: rate,
    reasoning: rate,
  },
  { requiredKeys: ['input', 'output', 'cacheWrite5m', 'cacheWrite1h'] },
)
/** A price whose long-context rates are never below the others. */
const price: fc.Arbitrary<ModelPrice> = fc
  .record({
    rates,
    above: fc.nat({ max: 2_000_000 }),
    factor: fc.integer({ min: 1, max: 3 }),
    perRequest: fc.option(rate, { nil: undefined }),
  })
  .map(({ rates: base, above, factor, perRequest }) => ({
    rates: base,
    contextTiers: [{ above, rates: Object.fromEntries(Object.entries(base).map(([kind, value]) => [kind, value * factor])) }],
    perRequest,
  }))
const count = fc.nat({ max: 2_000_000 })
const usage: fc.Arbitrary<Usage> = fc.record({
  inputTokens: count,
  outputTokens: count,
  cacheReadTokens: fc.option(count, { nil: undefined }),
  cacheWriteTokens: fc.option(count, { nil: undefined }),
  cacheWrite1hTokens: fc.option(count, { nil: undefined }),
  reasoningTokens: fc.option(count, { nil: undefined }),
  inputByModality: fc.option(fc.record({ audio: count }), { nil: undefined }),
  outputByModality: fc.option(fc.record({ audio: count }), { nil: undefined }),
})

function known(of: Usage, at: ModelPrice): Cost {
  const cost = costOf(of, at)
  if (cost === undefined) throw new Error('expected a known cost')
  return cost
}

describe('for every usage and price', () => {
  test('the total alone is that of the lines', () => {
    fc.assert(fc.property(usage, price, (of, at) => expect(nanosOf(of, at)).toBe(costOf(of, at)?.nanoDollars)))
  })

  test('the lines add up to the total, all in whole nano-dollars of 0 or more', () => {
    fc.assert(
      fc.property(usage, price, (of, at) => {
        const { nanoDollars, lines } = known(of, at)
        expect(lines.reduce((sum, line) => sum + line.nanoDollars, 0)).toBe(nanoDollars)
        for (const line of lines) expect(Number.isSafeInteger(line.nanoDollars) && line.nanoDollars >= 0).toBe(true)
      }),
    )
  })

  test('the total is within half a nano-dollar of the exact sum, and each line within one', () => {
    fc.assert(
      fc.property(usage, price, (of, at) => {
        const { nanoDollars, lines } = known(of, at)
        const exact = (units: number, unitRate: number, kind: string): bigint =>
          BigInt(units) * BigInt(unitRate) * (kind === 'request' ? 1_000_000n : 1n)
        const sum = lines.reduce((total, { units, rate: unitRate, kind }) => total + exact(units, unitRate, kind), 0n)
        const error = BigInt(nanoDollars) * 1_000_000n - sum
        expect(error > -500_000n && error <= 500_000n).toBe(true)
        for (const { units, rate: unitRate, kind, nanoDollars: share } of lines) {
          const lineError = BigInt(share) * 1_000_000n - exact(units, unitRate, kind)
          expect(lineError > -1_000_000n && lineError < 1_000_000n).toBe(true)
        }
      }),
    )
  })

  test('the units of the token lines are all tokens of the call, each once', () => {
    fc.assert(
      fc.property(usage, price, (of, at) => {
        const lines = known(of, at).lines.filter(({ kind }) => kind !== 'request')
        const cached = (of.cacheReadTokens ?? 0) + Math.max(of.cacheWriteTokens ?? 0, of.cacheWrite1hTokens ?? 0)
        const total = Math.max(of.inputTokens ?? 0, cached) + (of.outputTokens ?? 0)
        expect(lines.reduce((sum, line) => sum + line.units, 0)).toBe(total)
      }),
    )
  })

  test('more tokens never cost less', () => {
    fc.assert(
      fc.property(usage, price, count, count, (of, at, input, output) => {
        const more = { ...of, inputTokens: (of.inputTokens ?? 0) + input, outputTokens: (of.outputTokens ?? 0) + output }
        // Without kinds of content that may be cheaper than text, which more tokens could turn into it.
        const plain = { inputByModality: undefined, outputByModality: undefined, reasoningTokens: undefined }
        expect(known({ ...more, ...plain }, at).nanoDollars).toBeGreaterThanOrEqual(known({ ...of, ...plain }, at).nanoDollars)
      }),
    )
  })
})
