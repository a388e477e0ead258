import { expect, test } from 'bun:test'
import { BudgetWatch } from './budget-watch.ts'
import type { RuleStanding } from './limiter.ts'

const standing = (counter: string, used: number, resetAt: number | undefined): RuleStanding => ({
  rule: { measure: 'usd', scope: 'key', subject: counter, counter, soft: [], limit: 10, period: 'day', timeZone: 'UTC' },
  used,
  held: 0,
  resetAt,
})

test('budgets stand as they were charged last, and are forgotten when they begin anew', () => {
  const watch = new BudgetWatch(undefined)
  watch.note(standing('a', 1, 1_000))
  watch.note(standing('a', 2, 1_000))
  watch.note(standing('b', 3, undefined))
  const usedAt = (now: number): string[] => watch.standings(now).map(({ rule, used }) => `${rule.subject} ${used}`)
  expect(usedAt(999)).toEqual(['a 2', 'b 3'])
  expect(usedAt(1_000)).toEqual(['b 3'])
})
