import { describe, expect, test } from 'bun:test'
import { loadPatterns } from '../../lib/linear-pattern.ts'
import { checkSchema } from './check-schema.ts'

const compile = await loadPatterns()
const kindOf = (schema: unknown, value: unknown): string => checkSchema(schema, value, compile).kind

/** Written as text, because nothing that has a `then` is to look like a promise. */
const conditional = (condition: unknown, consequence: unknown, otherwise: unknown): unknown =>
  JSON.parse(`{"if":${JSON.stringify(condition)},"then":${JSON.stringify(consequence)},"else":${JSON.stringify(otherwise)}}`)

/** Schema, values that fit it, values that do not. */
const CASES: readonly (readonly [unknown, readonly unknown[], readonly unknown[]])[] = [
  [true, [1, null], []],
  [false, [], [1, null]],
  [{}, [1, {}], []],
  [{ type: 'integer' }, [1, 1.0, -0], [1.5, '1', null, true]],
  [{ type: ['string', 'null'] }, ['', null], [0, [], {}]],
  [{ type: 'object' }, [{}], [[], null]],
  [{ type: 'array' }, [[]], [{}]],
  [{ enum: ['a', 1, { b: [1], a: null }] }, ['a', 1, { a: null, b: [1] }], ['b', '1', { a: null }]],
  [{ const: [1, { a: 1 }] }, [[1, { a: 1 }]], [[1], 1]],
  [{ minimum: 1, exclusiveMaximum: 3 }, [1, 2.9, 'x'], [0, 3]],
  [{ multipleOf: 0.1 }, [0.3, 1, 0], [0.25]],
  [{ minLength: 2, maxLength: 2 }, ['ab', '😀😀', 7], ['a', 'abc', '😀']],
  [{ pattern: '^[a-z]+\\d{2}$' }, ['ab12', 5], ['AB12', 'ab1']],
  [{ items: { type: 'number' }, minItems: 1, maxItems: 2 }, [[1], {}], [[], [1, 2, 3], ['a']]],
  [{ prefixItems: [{ type: 'string' }], items: false }, [['a'], []], [['a', 1], [1]]],
  [{ items: [{ type: 'string' }], additionalItems: { type: 'number' } }, [['a', 1]], [['a', 'b']]],
  [{ contains: { const: 1 }, maxContains: 2 }, [[1], [1, 1, 2]], [[2], [1, 1, 1]]],
  [{ contains: { const: 1 }, minContains: 0 }, [[]], []],
  [
    { uniqueItems: true },
    [[1, '1', { a: 1 }], []],
    [
      [1, 1],
      [
        { a: 1, b: 2 },
        { b: 2, a: 1 },
      ],
    ],
  ],
  [
    { properties: { a: { type: 'number' } }, required: ['a'], additionalProperties: false },
    [{ a: 1 }],
    [{}, { a: 'x' }, { a: 1, b: 1 }],
  ],
  [
    { patternProperties: { '^x-': { type: 'number' } }, additionalProperties: { type: 'string' } },
    [{ 'x-a': 1, b: '' }],
    [{ 'x-a': '' }, { b: 1 }],
  ],
  [{ propertyNames: { maxLength: 2 } }, [{ ab: 1 }], [{ abc: 1 }]],
  [{ minProperties: 1, maxProperties: 1 }, [{ a: 1 }, []], [{}, { a: 1, b: 1 }]],
  [{ dependentRequired: { a: ['b'] } }, [{ b: 1 }, { a: 1, b: 1 }], [{ a: 1 }]],
  [{ dependencies: { a: ['b'], c: { required: ['d'] } } }, [{}, { a: 1, b: 1 }], [{ a: 1 }, { c: 1 }]],
  [{ allOf: [{ minimum: 1 }, { maximum: 2 }] }, [1], [0, 3]],
  [{ anyOf: [{ type: 'string' }, { minimum: 5 }] }, ['a', 5], [4]],
  [{ oneOf: [{ minimum: 1 }, { maximum: 3 }] }, [0, 4], [2]],
  [{ not: { type: 'null' } }, [1], [null]],
  [conditional({ type: 'string' }, { minLength: 1 }, { type: 'number' }), ['a', 1], ['', null]],
  [{ $defs: { 'a/b': { type: 'number' } }, $ref: '#/$defs/a~1b' }, [1], ['a']],
  [{ type: 'object', properties: { next: { $ref: '#' } }, required: ['v'] }, [{ v: 1, next: { v: 2 } }], [{ v: 1, next: {} }]],
  [
    JSON.parse('{"properties":{"__proto__":{"type":"number"}},"additionalProperties":false}'),
    [JSON.parse('{"__proto__":1}')],
    [JSON.parse('{"__proto__":"a"}'), { constructor: 1 }],
  ],
]

test.each(CASES.map((entry) => [entry]))('a schema takes what fits it: %j', ([schema, fit, others]) => {
  for (const value of fit) expect([value, kindOf(schema, value)]).toEqual([value, 'valid'])
  for (const value of others) expect([value, kindOf(schema, value)]).toEqual([value, 'invalid'])
})

test('keywords that do not hold are named by where they stand, the deepest of each', () => {
  const schema = {
    properties: { 'a/b': { minimum: 1 }, list: { items: { anyOf: [{ type: 'string' }, { type: 'null' }] } } },
    required: ['c'],
  }
  expect(checkSchema(schema, { 'a/b': 0, list: [1] }, compile)).toEqual({
    kind: 'invalid',
    keywords: ['/properties/a~1b/minimum', '/required'],
  })
  expect(checkSchema(schema, { 'a/b': 1, list: [1], c: 1 }, compile)).toEqual({
    kind: 'invalid',
    keywords: ['/properties/list/items/anyOf'],
  })
})

describe('what is not checked', () => {
  test.each([
    [{ pattern: '(?=a)b' }, '/pattern'],
    [{ pattern: '(' }, '/pattern'],
    [{ pattern: 'a{1000}' }, '/pattern'],
    [{ $ref: 'https://host.test/schema' }, '/$ref'],
    [{ $ref: '#/nowhere' }, '/$ref'],
    [{ $ref: '#/%' }, '/$ref'],
    [{ minLength: 'x' }, '/minLength'],
    [{ anyOf: 7 }, '/anyOf'],
    [{ properties: [], unevaluatedProperties: false }, '/unevaluatedProperties'],
    [7, ''],
  ])('%j leaves the answer open', (schema, keyword) => {
    expect(checkSchema(schema, typeof schema === 'object' && 'unevaluatedProperties' in schema ? {} : 'text', compile)).toEqual({
      kind: 'unknown',
      keyword: keyword === '/unevaluatedProperties' ? '/properties' : keyword,
    })
  })

  test('references of a schema within that has an address of its own', () => {
    const within = { $id: 'https://host.test/inner', $defs: { a: { type: 'string' } }, properties: { a: { $ref: '#/$defs/a' } } }
    const schema = {
      $id: 'https://host.test/outer',
      $defs: { a: { type: 'number' } },
      properties: { in: within, a: { $ref: '#/$defs/a' } },
    }
    expect(checkSchema(schema, { in: { a: 'text' }, a: 1 }, compile)).toEqual({
      kind: 'unknown',
      keyword: '/properties/in/properties/a/$ref',
    })
    expect(kindOf(schema, { in: { b: 1 }, a: 'text' })).toBe('invalid')
    expect(kindOf({ properties: { in: within, b: { $ref: '#/properties/in/properties/a' } } }, { b: 'text' })).toBe('unknown')
  })

  test('decides nothing that something else decides', () => {
    const open = { pattern: '(?=a)b' }
    expect(kindOf({ ...open, type: 'number' }, 'a')).toBe('invalid')
    expect(kindOf({ anyOf: [open, { type: 'string' }] }, 'a')).toBe('valid')
    expect(kindOf({ not: open }, 'a')).toBe('unknown')
    expect(kindOf({ oneOf: [open, { type: 'string' }] }, 'a')).toBe('unknown')
    expect(kindOf(conditional(open, false, true), 'a')).toBe('unknown')
    expect(kindOf({ contains: open }, ['a'])).toBe('unknown')
    expect(kindOf({ patternProperties: { '(?=a)b': false } }, { a: 1 })).toBe('unknown')
  })

  test('annotations hold, formats among them', () => {
    expect(kindOf({ format: 'email', description: 'd', default: 1, 'x-own': 1 }, 'none')).toBe('valid')
  })
})

describe('a hostile schema', () => {
  /** Each level asks the next one twice. */
  const doubling = (kind: string): unknown => ({
    $defs: Object.fromEntries(
      Array.from({ length: 40 }, (_none, level) => [
        `d${level}`,
        level === 39 ? false : { [kind]: [{ $ref: `#/$defs/d${level + 1}` }, { $ref: `#/$defs/d${level + 1}` }] },
      ]),
    ),
    $ref: '#/$defs/d0',
  })

  test.each(['anyOf', 'oneOf'])('that doubles its work with each level of %s is given up', (kind) => {
    expect(kindOf(doubling(kind), 1)).toBe('costly')
  })

  test.each([
    ['refers to itself', { $ref: '#' }, 1],
    ['refers to itself around', { allOf: [{ $ref: '#' }] }, 1],
    [
      'looks at a long list over and over',
      { allOf: Array.from({ length: 1_000 }, () => ({ items: true })) },
      Array.from({ length: 10_000 }, () => 1),
    ],
    ['compares long lists', { uniqueItems: true }, Array.from({ length: 200_000 }, (_none, index) => index)],
    [
      'has patterns without end',
      { anyOf: Array.from({ length: 500 }, (_none, index) => ({ pattern: `(?:x{1,${index % 50}}|\\pL{20}){2}a${index}` })) },
      'x',
    ],
    ['has a pattern that other engines never come back from', { pattern: '^(a+)+$' }, `${'a'.repeat(1_000_000)}!`],
    [
      'has a long reference for every item',
      { $defs: {}, items: { $ref: `#/${'a'.repeat(100_000)}` } },
      Array.from({ length: 60 }, () => 1),
    ],
    [
      'has a long enum for every item',
      { items: { enum: Array.from({ length: 1_000 }, (_none, index) => index) } },
      Array.from({ length: 200 }, () => 999),
    ],
    [
      'names many properties for every item',
      { items: { properties: Object.fromEntries(Array.from({ length: 50_000 }, (_none, index) => [`p${index}`, true])) } },
      Array.from({ length: 30 }, () => ({})),
    ],
    [
      'asks every property for every pattern',
      { patternProperties: Object.fromEntries(Array.from({ length: 18 }, (_none, index) => [`a${index}`, true])) },
      Object.fromEntries(Array.from({ length: 50_000 }, (_none, index) => [`p${index}`, 1])),
    ],
  ])('that %s is given up', (_how, schema, value) => {
    expect(kindOf(schema, value)).toBe('costly')
  })

  test('is no schema that is wide and not deep', () => {
    const names = Array.from({ length: 500 }, (_none, index) => `p${index}`)
    const properties = Object.fromEntries(names.map((name) => [name, { type: 'integer' }]))
    expect(kindOf({ properties }, Object.fromEntries(names.map((name) => [name, 1])))).toBe('valid')
  })

  test('meets a hostile answer', () => {
    let deep: unknown = 1
    for (let level = 0; level < 5_000; level++) deep = [deep]
    expect(kindOf({ const: [1] }, deep)).toBe('costly')
    expect(kindOf({ items: { $ref: '#' } }, deep)).toBe('costly')
  })
})
