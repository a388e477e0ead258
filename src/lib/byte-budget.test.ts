import { expect, test } from 'bun:test'
import { ByteBudget, ByteHold } from './byte-budget.ts'

test('holders share a budget, and give all of it back once', () => {
  const budget = new ByteBudget(100)
  const first = new ByteHold(budget)
  const second = new ByteHold(budget)
  expect(first.grow(60)).toBe(true)
  expect(second.grow(41)).toBe(false)
  expect(second.grow(40)).toBe(true)
  expect(budget.used).toBe(100)
  expect(first.grow(1)).toBe(false)
  first.release()
  first.release()
  expect(budget.used).toBe(40)
  expect(second.grow(60)).toBe(true)
})

test('without a limit everything fits', () => {
  expect(new ByteHold(new ByteBudget()).grow(Number.MAX_SAFE_INTEGER)).toBe(true)
})
