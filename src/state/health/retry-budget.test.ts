import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { RETRY_FLOOR, RETRY_WINDOW_MS, RetryBudget } from './retry-budget.ts'

describe('a retry budget', () => {
  test('never grants a retry beyond its share of the calls in the window', () => {
    const step = fc.record({ wait: fc.constantFrom(0, 0, 0, 50, 9_999, 10_000, 70_000), calls: fc.nat(30), retries: fc.nat(10) })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40, size: 'max' }), fc.constantFrom(0.1, 0.2, 1), (steps, share) => {
        const budget = new RetryBudget()
        const calls: number[] = []
        const granted: number[] = []
        let now = 0
        const within = (times: readonly number[]): number => times.filter((time) => time > now - RETRY_WINDOW_MS).length
        for (const { wait, calls: made, retries } of steps) {
          now += wait
          for (let call = 0; call < made; call++) {
            budget.count(now)
            calls.push(now)
          }
          for (let retry = 0; retry < retries; retry++) {
            if (!budget.spend(now, share)) continue
            granted.push(now)
            // Slots are ten seconds wide: what the budget still counts lies within a window of 60 s.
            expect(budget.recent(now).retries).toBeLessThanOrEqual(Math.max(RETRY_FLOOR, share * within(calls)))
          }
          expect(budget.recent(now).calls).toBeLessThanOrEqual(within(calls))
          expect(budget.recent(now).retries).toBeLessThanOrEqual(within(granted))
        }
      }),
      { numRuns: 100 },
    )
  })

  test('a quiet target may be tried again a few times', () => {
    const budget = new RetryBudget()
    budget.count(0)
    expect(Array.from({ length: 12 }, () => budget.spend(0, 0.2)).filter(Boolean)).toHaveLength(RETRY_FLOOR)
  })

  test('a busy target gets a fifth of its calls', () => {
    const budget = new RetryBudget()
    for (let call = 0; call < 1_000; call++) budget.count(call)
    expect(Array.from({ length: 500 }, () => budget.spend(1_000, 0.2)).filter(Boolean)).toHaveLength(200)
  })

  test('a share of nought allows none, not even to a quiet target', () => {
    const budget = new RetryBudget()
    budget.count(0)
    expect(budget.spend(0, 0)).toBe(false)
  })

  test('what left the window no longer counts', () => {
    const budget = new RetryBudget()
    for (let retry = 0; retry < RETRY_FLOOR; retry++) budget.spend(5_000, 0.2)
    expect(budget.spend(59_999, 0.2)).toBe(false)
    expect(budget.spend(60_000, 0.2)).toBe(true)
    expect(budget.recent(60_000)).toEqual({ calls: 0, retries: 1 })
  })
})
