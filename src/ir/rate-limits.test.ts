import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { exhaustedResetMs, limitWait, type RateLimits } from './rate-limits.ts'

const DAY_MS = 86_400_000

const tokens = (remaining: number, resetMs: number | undefined, refill: RateLimits['refill'] = 'continuous'): RateLimits => ({
  tokens: { limit: 1_000, remaining, resetMs },
  refill,
})

describe('how long an account must wait for a request of a size', () => {
  test('not at all while it fits, to the token', () => {
    expect(limitWait(tokens(400, 6_000), 400)).toBe(0)
    expect(limitWait(tokens(400, 6_000), 401)).toBe(10)
    expect(limitWait({ refill: 'window' }, 1_000_000)).toBe(0)
  })

  test('until enough has come back, or until the end of a window', () => {
    expect(limitWait(tokens(400, 6_000), 1_000)).toBe(6_000)
    expect(limitWait(tokens(0, 1_000), 500)).toBe(500)
    expect(limitWait(tokens(0, 1_000, 'window'), 500)).toBe(1_000)
  })

  test('for ever when it is larger than the limit', () => {
    expect(limitWait(tokens(1_000, 0), 1_001)).toBe(Number.POSITIVE_INFINITY)
  })

  test('a second where nobody says when the limit is full again', () => {
    expect(limitWait(tokens(0, undefined), 1)).toBe(1_000)
  })

  test('for the slowest of all limits; input tokens go before the common ones', () => {
    const limits: RateLimits = {
      requests: { limit: 10, remaining: 0, resetMs: 10_000 },
      tokens: { limit: 100, remaining: 0, resetMs: 90_000 },
      inputTokens: { limit: 1_000, remaining: 500, resetMs: 5_000 },
      outputTokens: { limit: 10, remaining: 0, resetMs: 20_000 },
      refill: 'continuous',
    }
    expect(limitWait({ ...limits, outputTokens: limits.inputTokens! }, 500)).toBe(1_000)
    expect(limitWait(limits, 500)).toBe(2_000)
    expect(limitWait(limits, 1_000)).toBe(5_000)
  })

  test('after the wait the request fits, and one millisecond earlier it does not', () => {
    const limit = fc.integer({ min: 1, max: 2_000_000 })
    fc.assert(
      fc.property(
        limit,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.nat(DAY_MS),
        (whole, left, part, resetMs) => {
          const remaining = Math.floor(whole * left)
          const need = Math.ceil(whole * part)
          const wait = limitWait({ tokens: { limit: whole, remaining, resetMs }, refill: 'continuous' }, need)
          const heldAfter = (ms: number): number => (ms >= resetMs ? whole : remaining + ((whole - remaining) * ms) / resetMs)
          expect(heldAfter(wait)).toBeGreaterThanOrEqual(need - 1e-6)
          if (wait > 0) expect(heldAfter(wait - 1)).toBeLessThan(need)
        },
      ),
    )
  })

  test('the reset of what is used up is the longest of them', () => {
    expect(exhaustedResetMs(undefined)).toBeUndefined()
    expect(exhaustedResetMs(tokens(1, 500))).toBeUndefined()
    expect(exhaustedResetMs({ ...tokens(0, 500), requests: { limit: 1, remaining: 0, resetMs: 700 } })).toBe(700)
  })
})
