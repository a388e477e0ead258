import { describe, expect, test } from 'bun:test'
import { exampleValue } from './example-value.ts'

const object = (properties: Record<string, unknown>, required?: string[]): unknown => ({
  type: 'object',
  properties,
  ...(required === undefined ? {} : { required }),
})

describe('example values', () => {
  test.each([
    [
      'required properties only',
      object({ n: { type: 'integer' }, unit: { enum: ['C', 'F'] }, extra: {} }, ['n', 'unit']),
      { n: 1, unit: 'C' },
    ],
    ['all properties when none is required', object({ a: { type: 'boolean' }, b: { type: 'null' } }), { a: true, b: null }],
    [
      'numbers within bounds',
      object({ n: { type: 'integer', minimum: 5 }, m: { type: 'number', maximum: -2 } }),
      { n: 5, m: -2 },
    ],
    [
      'lists of the least length',
      object({ a: { type: 'array', minItems: 2, items: { type: 'boolean' } }, b: { type: 'array' } }),
      { a: [true, true], b: ['example'] },
    ],
    [
      'texts within bounds',
      object({ a: { type: 'string', minLength: 9 }, b: { type: 'string', maxLength: 3 } }),
      { a: 'example..', b: 'exa' },
    ],
    ['formats', object({ a: { type: 'string', format: 'date' } }), { a: '2025-01-01' }],
    [
      'the first alternative',
      object({ a: { anyOf: [{ type: 'null' }, { type: 'string' }] }, b: { type: ['boolean', 'null'] } }),
      { a: null, b: true },
    ],
    [
      'constants, defaults and examples',
      object({ a: { const: 7 }, b: { default: 'x' }, c: { examples: [[1]] } }),
      { a: 7, b: 'x', c: [1] },
    ],
  ])('%s', (_name, schema, expected) => {
    expect(exampleValue(schema)).toEqual(expected)
  })

  test('references inside the schema are followed', () => {
    const schema = {
      ...(object({ at: { $ref: '#/$defs/a~1b' } }) as object),
      $defs: { 'a/b': object({ x: { type: 'number' } }) },
    }
    expect(exampleValue(schema)).toEqual({ at: { x: 1 } })
  })

  test('names of properties give plausible texts', () => {
    expect(exampleValue({ type: 'object', properties: { city: { type: 'string' }, file_path: { type: 'string' } } })).toEqual({
      city: 'Paris',
      file_path: 'README.md',
    })
  })

  test('a schema that refers to itself ends', () => {
    const schema = {
      $ref: '#/$defs/node',
      $defs: { node: { type: 'object', properties: { child: { $ref: '#/$defs/node' } }, required: ['child'] } },
    }
    expect(JSON.stringify(exampleValue(schema)).length).toBeLessThan(200)
  })
})
