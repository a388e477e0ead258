import { expect, test } from 'bun:test'
import { matchesGlob } from './matches-glob.ts'

test.each([
  ['gpt-5', 'gpt-5', true],
  ['gpt-5', 'gpt-5-mini', false],
  ['gpt-5*', 'gpt-5-mini', true],
  ['gpt-5*', 'gpt-5', true],
  ['*', '', true],
  ['*mini', 'gpt-5-mini', true],
  ['local/*', 'local/a/b:c', true],
  ['a*b*c', 'a-b-b-c', true],
  ['a*b*c', 'a-c-b', false],
  ['ab*ba', 'aba', false],
  ['a.c', 'abc', false],
  ['a**c', 'abc', true],
])('%s against %s', (glob, text, fits) => {
  expect(matchesGlob(glob, text)).toBe(fits)
})
