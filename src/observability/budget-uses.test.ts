import { expect, test } from 'bun:test'
import { ManualClock } from '../../test/support/manual-clock.ts'
import { BudgetUses } from './budget-uses.ts'
import type { BudgetUse } from './settled-cost.ts'

const use = (id: string, usedNanos: number): BudgetUse => ({ scope: 'key', id, window: 'day', limitNanos: 10, usedNanos })

test('a budget stands as it was seen last, until its period is over', async () => {
  const clock = new ManualClock()
  const budgets = new BudgetUses(clock)
  budgets.note('a', use('a', 1), clock.wall() + 1_000)
  budgets.note('a', use('a', 2), clock.wall() + 1_000)
  budgets.note('b', use('b', 3), undefined)
  expect(budgets.read()).toEqual([use('a', 2), use('b', 3)])
  await clock.advance(1_000)
  expect(budgets.read()).toEqual([use('b', 3)])
})

test('of any number of budgets those seen last are kept', () => {
  const budgets = new BudgetUses(new ManualClock())
  for (let index = 0; index < 5_000; index++) budgets.note(String(index), use(String(index), 1), undefined)
  budgets.note('3000', use('3000', 2), undefined)
  budgets.note('new', use('new', 1), undefined)
  const kept = budgets.read()
  expect([kept.length, kept.at(-1)?.id, kept.at(-2)?.id]).toEqual([2_000, 'new', '3000'])
})
