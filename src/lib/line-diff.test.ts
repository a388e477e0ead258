import { expect, test } from 'bun:test'
import { lineDiff } from './line-diff.ts'

test.each([
  ['', '', []],
  ['a\n', 'a\n', []],
  ['', 'a\nb\n', ['+a', '+b']],
  ['a\nb\n', '', ['-a', '-b']],
  ['1\n2\n3\n4\n5\n6\n', '1\n2\n3\n4\nx\n5\n6\n', [' 2', ' 3', ' 4', '+x', ' 5', ' 6']],
  ['a\na\na\n', 'a\na\n', [' a', ' a', '-a']],
  ['a\nb\nc\n', 'a\nB\nc\n', [' a', '-b', '+B', ' c']],
])('%j and %j differ in %j', (before, after, expected) => {
  expect(lineDiff(before, after)).toEqual(expected)
})
