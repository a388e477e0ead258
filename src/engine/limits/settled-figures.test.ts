import { expect, test } from 'bun:test'
import { SettledFigures } from './settled-figures.ts'

const filled = (figures: SettledFigures, caller: string, values: readonly number[]): void => {
  for (const value of values) figures.add(caller, 'm', value)
}
const upTo = (count: number): number[] => Array.from({ length: count }, (_unused, index) => index + 1)

test('a figure is known after five calls, and is the one that 95 of 100 do not exceed', () => {
  const figures = new SettledFigures()
  filled(figures, 'a', [10, 20, 30, 40])
  expect(figures.percentile95('a', 'm')).toBeUndefined()
  figures.add('a', 'm', 50)
  expect(figures.percentile95('a', 'm')).toBe(50)
  filled(figures, 'a', upTo(64))
  expect(figures.percentile95('a', 'm')).toBe(61)
})

test('a caller without enough calls is judged by all calls to the model', () => {
  const figures = new SettledFigures()
  filled(figures, 'a', [1, 2, 3, 4, 5])
  figures.add('b', 'm', 100)
  expect(figures.percentile95('b', 'm')).toBe(100)
  expect(figures.percentile95('a', 'm')).toBe(5)
})

test('what calls come to from now on counts when an eighth of the samples is new', () => {
  const figures = new SettledFigures()
  filled(figures, 'a', upTo(64))
  expect(figures.percentile95('a', 'm')).toBe(61)
  filled(
    figures,
    'a',
    upTo(7).map(() => 1_000),
  )
  expect(figures.percentile95('a', 'm')).toBe(61)
  figures.add('a', 'm', 1_000)
  expect(figures.percentile95('a', 'm')).toBe(1_000)
})

test('the caller that was heard of longest ago is forgotten when there are too many', () => {
  const figures = new SettledFigures()
  for (const caller of ['first', 'kept']) filled(figures, caller, [1_000, 1_000, 1_000, 1_000, 1_000])
  for (let index = 0; index < 4_096; index++) {
    figures.add(`c${index}`, `m${index}`, 1)
    if (index % 1_000 === 0) figures.add('kept', 'm', 1_000)
  }
  filled(figures, 'others', upTo(64))
  expect(figures.percentile95('kept', 'm')).toBe(1_000)
  expect(figures.percentile95('first', 'm')).toBeLessThan(1_000)
})
