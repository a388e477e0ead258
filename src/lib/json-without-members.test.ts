import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { withoutMembers } from './json-without-members.ts'

const cut = (text: string): string => Buffer.from(withoutMembers(Buffer.from(text), ['models', 'x\\'])).toString()

test.each([
  ['{"model":"a","models":["b"],"x":1}', '{"model":"a","x":1}'],
  ['{"models":["b"]}', '{}'],
  ['{ "models" : [ "b" ] , "x": 1 }', '{  "x": 1 }'],
  ['{"x": 1 , "models":["b"] }', '{"x": 1  }'],
  ['{"models":1,"models":2}', '{}'],
  ['{"a":1 , "x\\\\":1,\n "models":2 }', '{"a":1  }'],
  ['{"models":1,"a":1,"x\\\\":2}', '{"a":1}'],
  ['{"a":{"models":1},"b":[{"models":2}]}', '{"a":{"models":1},"b":[{"models":2}]}'],
  ['{"\\u006dodels":["b"],"x":"models"}', '{"x":"models"}'],
])('%s', (text, expected) => {
  expect(cut(text)).toBe(expected)
})

test('leaves the value that parsing and deleting leaves', () => {
  const object = fc.dictionary(fc.constantFrom('a', 'models', 'm"', 'x\\', 'ü'), fc.jsonValue(), { maxKeys: 5 })
  fc.assert(
    fc.property(object, fc.constantFrom(undefined, 1, '\t'), (value, space) => {
      const { models: _models, 'x\\': _other, ...rest } = value
      expect(JSON.parse(cut(JSON.stringify(value, undefined, space)))).toEqual(JSON.parse(JSON.stringify(rest)))
    }),
  )
})
