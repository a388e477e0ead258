import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { sameData } from './same-data.ts'
import { Secret } from './secret.ts'

test('copies of any data are the same, and one changed leaf is not', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (left, right) => {
      expect(sameData(left, structuredClone(left))).toBe(true)
      // JSON has one text for each value once members are in order, and -0 is 0 there.
      expect(sameData({ value: left }, { value: right })).toBe(Bun.deepEquals(left, right, true))
    }),
  )
})

test.each([
  ['secrets by what they hold', new Secret('a'), new Secret('a'), true],
  ['other secrets', new Secret('a'), new Secret('b'), false],
  ['a secret and its text', new Secret('a'), 'a', false],
  ['maps', new Map([['k', { a: [1] }]]), new Map([['k', { a: [1] }]]), true],
  ['other maps', new Map([['k', 1]]), new Map([['k', 2]]), false],
  ['a member that is undefined and none', { a: 1, b: undefined }, { a: 1 }, true],
  ['numbers that are none', Number.NaN, Number.NaN, true],
  ['nothing and null', undefined, null, false],
  ['a list and an object', [], {}, false],
])('%s', (_what, left, right, expected) => {
  expect(sameData(left, right)).toBe(expected)
  expect(sameData(right, left)).toBe(expected)
})
