import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { jsonErrorPosition } from './json-error-position.ts'

test.each([
  ['', 0],
  ['{', 1],
  ['{"a":secret}', 5],
  ['{"a":1,}', 7],
  ['{"a" 1}', 5],
  ['[1,]', 3],
  ['[1 2]', 3],
  ['{"a":1} x', 8],
  ['{"a":"li\nne"}', 8],
  ['{"a":"\\x"}', 7],
  ['{"a":"\\u12g4"}', 7],
  ['{a:1}', 1],
  ['[1]]', 3],
  ['{"a":1]', 6],
  ['01', 1],
  ['-', 0],
  ['"open', 5],
  ["{'a':1}", 1],
  ['NaN', 0],
])('%j stops being JSON at %i', (text, offset) => {
  expect(jsonErrorPosition(text)?.offset).toBe(offset)
})

test('lines and columns count from one', () => {
  expect(jsonErrorPosition('{\n  "a": 1,\n  "b": oops\n}')).toEqual({ offset: 19, line: 3, column: 8, atEnd: false })
  expect(jsonErrorPosition('[1,\n')).toEqual({ offset: 4, line: 2, column: 1, atEnd: true })
})

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

test('what a parser accepts has no error, and only that', () => {
  const almostJson = fc
    .tuple(fc.json(), fc.nat(), fc.constantFrom('', '"', '{', '}', ']', ',', ':', '\\', '1', '\n', 'e', '\u0001'))
    .map(
      ([text, at, inserted]) =>
        `${text.slice(0, at % (text.length + 1))}${inserted}${text.slice((at % (text.length + 1)) + (at % 2))}`,
    )
  fc.assert(
    fc.property(almostJson, (text) => {
      expect(jsonErrorPosition(text) === undefined).toBe(isJson(text))
    }),
    { numRuns: 2000 },
  )
})

test('deep nesting costs no stack', () => {
  expect(jsonErrorPosition('['.repeat(1_000_000))?.offset).toBe(1_000_000)
})
