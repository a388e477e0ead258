import { describe, expect, test } from 'bun:test'
import { asAccountId } from '../ir/ids.ts'
import type { RateLimits } from '../ir/rate-limits.ts'
import { LearnedLimits } from './learned-limits.ts'

const A = asAccountId('a')
const B = asAccountId('b')
const left = (remaining: number, resetMs = 60_000): RateLimits => ({
  tokens: { limit: 30_000, remaining, resetMs },
  refill: 'continuous',
})

describe('what was told of limits', () => {
  test('says how long a request must wait, less the time since', () => {
    const limits = new LearnedLimits()
    limits.learn(A, 'm', left(10_000), 1_000)
    expect(limits.waitMs(A, 'm', 10_000, 1_000)).toBe(0)
    expect(limits.waitMs(A, 'm', 20_000, 1_000)).toBe(30_000)
    expect(limits.waitMs(A, 'm', 20_000, 21_000)).toBe(10_000)
    expect(limits.waitMs(A, 'm', 20_000, 31_000)).toBe(0)
    expect(limits.waitMs(A, 'm', 30_001, 1_000_000)).toBe(Number.POSITIVE_INFINITY)
  })

  test('holds for that account and model, and until something else is told', () => {
    const limits = new LearnedLimits()
    limits.learn(A, 'm', left(0), 0)
    expect(limits.waitMs(A, 'n', 5_000, 0)).toBe(0)
    expect(limits.waitMs(B, 'm', 5_000, 0)).toBe(0)
    limits.learn(A, 'm', left(5_000), 0)
    expect(limits.waitMs(A, 'm', 5_000, 0)).toBe(0)
  })

  test('says nothing where only input that no cache holds is counted', () => {
    const limits = new LearnedLimits()
    const { tokens } = left(0)
    limits.learn(A, 'm', { ...left(0), inputTokens: tokens! }, 0)
    expect(limits.waitMs(A, 'm', 5_000, 0)).toBe(0)
  })

  test('is bounded and goes with its account', () => {
    const limits = new LearnedLimits()
    for (let model = 0; model <= 1_024; model++) limits.learn(A, `m${model}`, left(0), 0)
    expect(limits.waitMs(A, 'm0', 5_000, 0)).toBe(0)
    expect(limits.waitMs(A, 'm1024', 5_000, 0)).toBeGreaterThan(0)
    limits.learn(B, 'm', left(0), 0)
    limits.retain((id) => id !== A)
    expect(limits.waitMs(A, 'm1024', 5_000, 0)).toBe(0)
    expect(limits.waitMs(B, 'm', 5_000, 0)).toBeGreaterThan(0)
  })
})
