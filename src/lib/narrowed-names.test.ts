import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { narrowedNames } from './narrowed-names.ts'
import { matchesPattern } from './pattern-index.ts'

test.each([
  [undefined, undefined, undefined],
  [['a'], undefined, ['a']],
  [undefined, [], []],
  [['a', 'b'], ['b', 'c'], ['b']],
  [['gpt-*'], ['gpt-4*', 'claude-*'], ['gpt-4*']],
  [['gpt-4', 'gpt-*'], ['*'], ['gpt-4', 'gpt-*']],
  [['a*'], ['*b'], []],
])('%j and %j let through %j', (left, right, both) => {
  expect(narrowedNames(left, right)).toEqual(both)
  expect(narrowedNames(right, left)?.toSorted()).toEqual(both?.toSorted())
})

test('nothing gets through that one of the lists keeps out', () => {
  const pattern = fc.stringMatching(/^[ab*]{0,4}$/)
  const lists = fc.array(pattern, { maxLength: 4 })
  const isThrough = (list: readonly string[], text: string): boolean => list.some((name) => matchesPattern(name, text))
  fc.assert(
    fc.property(lists, lists, fc.stringMatching(/^[ab]{0,5}$/), (left, right, text) => {
      const isBoth = isThrough(narrowedNames(left, right) ?? [], text)
      if (isBoth) expect([isThrough(left, text), isThrough(right, text)]).toEqual([true, true])
    }),
  )
})
