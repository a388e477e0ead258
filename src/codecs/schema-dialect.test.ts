import { describe, expect, test } from 'bun:test'
import type { JsonObject } from '../ir/json.ts'
import { fitSchema, type SchemaChangeKind, type SchemaTable } from './schema-dialect.ts'

/** A vendor that knows definitions and takes lists of types. */
const MODERN: SchemaTable = {
  keywords: new Set([
    '$defs',
    '$ref',
    'type',
    'format',
    'description',
    'enum',
    'items',
    'anyOf',
    'properties',
    'required',
    'minimum',
  ]),
  annotations: new Set(['$schema', 'title']),
  formats: { string: new Set(['date']) },
  typeLists: 'kept',
  enumValues: new Set(['string', 'number']),
  references: 'alone',
}
/** One that knows neither. */
const OLD: SchemaTable = {
  keywords: new Set(['type', 'nullable', 'description', 'enum', 'items', 'anyOf', 'properties', 'required']),
  annotations: new Set(['$schema', 'title', '$defs', 'definitions']),
  formats: {},
  typeLists: 'nullable',
  enumValues: 'strings',
  references: 'inlined',
}

interface Fitted {
  readonly schema: JsonObject
  readonly changes: readonly string[]
}

function fit(schema: JsonObject, table: SchemaTable = MODERN): Fitted {
  const changes: string[] = []
  const before = JSON.stringify(schema)
  const fitted = fitSchema(schema, table, (pointer, kind: SchemaChangeKind) => changes.push(`${kind} ${pointer}`))
  expect(JSON.stringify(schema)).toBe(before)
  return { schema: fitted, changes }
}

describe('a schema that a vendor takes in part', () => {
  test('comes back as the same object when all of it is taken', () => {
    const schema = { type: 'object', properties: { day: { type: 'string', format: 'date' } }, required: ['day'] }
    const { schema: fitted, changes } = fit(schema)
    expect(fitted).toBe(schema)
    expect(changes).toEqual([])
  })

  test('has what the vendor does not know in its description', () => {
    expect(fit({ type: 'string', description: 'A name.', minLength: 2, pattern: '^a' })).toEqual({
      schema: { type: 'string', description: 'A name. {minLength: 2, pattern: "^a"}' },
      changes: ['described /minLength', 'described /pattern'],
    })
  })

  test('loses words that say nothing of values, at every depth', () => {
    const nested = { type: 'object', properties: { 'a/b': { type: 'string', title: 'T', 'x-order': 1 } } }
    expect(fit({ $schema: 'https://json-schema.org/draft/2020-12/schema', ...nested })).toEqual({
      schema: { type: 'object', properties: { 'a/b': { type: 'string' } } },
      changes: ['dropped /$schema', 'dropped /properties/a~1b/title', 'dropped /properties/a~1b/x-order'],
    })
  })

  test('keeps a property that is called like a keyword, or __proto__', () => {
    const schema = JSON.parse(
      '{"type":"object","properties":{"pattern":{"type":"string"},"__proto__":{"type":"string","title":"x"}}}',
    )
    const { schema: fitted } = fit(schema as JsonObject)
    expect(JSON.stringify(fitted)).toBe(
      '{"type":"object","properties":{"pattern":{"type":"string"},"__proto__":{"type":"string"}}}',
    )
  })

  test.each<[name: string, given: JsonObject, expected: JsonObject, table: SchemaTable]>([
    ['const as the only value', { type: 'string', const: 'a' }, { type: 'string', enum: ['a'] }, MODERN],
    ['oneOf as anyOf', { oneOf: [{ type: 'string' }] }, { anyOf: [{ type: 'string' }] }, MODERN],
    ['an exclusive bound of whole numbers', { type: 'integer', exclusiveMinimum: 0 }, { type: 'integer', minimum: 1 }, MODERN],
    [
      'an exclusive bound of others in words',
      { type: 'number', exclusiveMinimum: 0 },
      { type: 'number', description: '{exclusiveMinimum: 0}' },
      MODERN,
    ],
    [
      'allOf as one schema',
      {
        allOf: [
          { type: 'object', properties: { a: {} }, required: ['a'] },
          { properties: { b: {} }, required: ['b'] },
        ],
      },
      { type: 'object', properties: { b: {}, a: {} }, required: ['a', 'b'] },
      MODERN,
    ],
    [
      'a format of another type in words',
      { type: 'string', format: 'email' },
      { type: 'string', description: '{format: "email"}' },
      MODERN,
    ],
    ['null among values as a type', { type: 'string', enum: ['a', null] }, { type: ['string', 'null'], enum: ['a'] }, MODERN],
    [
      'old definitions',
      { definitions: { A: { type: 'string' } }, $ref: '#/definitions/A' },
      { $defs: { A: { type: 'string' } }, $ref: '#/$defs/A' },
      MODERN,
    ],
    [
      'words beside a reference',
      { $defs: { A: {} }, description: 'An A.', $ref: '#/$defs/A' },
      { $defs: { A: {} }, description: 'An A.', anyOf: [{ $ref: '#/$defs/A' }] },
      MODERN,
    ],
    [
      'names that no property has',
      { type: 'object', properties: { a: {} }, required: ['a', 'b'] },
      { type: 'object', properties: { a: {} }, required: ['a'], description: '{required: ["a","b"]}' },
      MODERN,
    ],
    ['a list of types', { type: ['string', 'null'] }, { type: 'string', nullable: true }, OLD],
    ['several types', { type: ['string', 'number'] }, { anyOf: [{ type: 'string' }, { type: 'number' }] }, OLD],
    ['numbers among values', { enum: [1, 2] }, { type: 'string', enum: ['1', '2'] }, OLD],
  ])('says %s in another way', (_name, given, expected, table) => {
    expect(fit(given, table).schema).toEqual(expected)
  })

  test('has what references name in their place where there are no references', () => {
    const schema = { type: 'object', properties: { a: { $ref: '#/$defs/A' } }, $defs: { A: { type: 'string', title: 'A' } } }
    expect(fit(schema, OLD).schema).toEqual({ type: 'object', properties: { a: { type: 'string' } } })
  })

  test('ends where it contains itself', () => {
    const schema = {
      $ref: '#/$defs/Node',
      $defs: { Node: { type: 'object', properties: { next: { $ref: '#/$defs/Node' } } } },
    }
    expect(fit(schema, OLD).schema).toEqual({
      type: 'object',
      properties: { next: { type: 'object', description: '{$ref: "#/$defs/Node"}' } },
    })
  })

  test('stays within bounds however often its references multiply', () => {
    const $defs: JsonObject = { L0: { type: 'string' } }
    for (let level = 1; level < 40; level++) {
      const inner = { $ref: `#/$defs/L${level - 1}` }
      $defs[`L${level}`] = { type: 'object', properties: { a: inner, b: inner } }
    }
    const fitted = fitSchema({ $ref: '#/$defs/L39', $defs }, OLD, () => undefined)
    expect(JSON.stringify(fitted).length).toBeLessThan(4_000_000)
  })

  test('stays within bounds when many references name something long', () => {
    const Long = { type: 'string', enum: [...Array(2_000).keys()].map((index) => `value-${index}`) }
    const properties = Object.fromEntries([...Array(5_000).keys()].map((index) => [`p${index}`, { $ref: '#/$defs/Long' }]))
    const fitted = fitSchema({ type: 'object', properties, $defs: { Long } }, OLD, () => undefined)
    expect(JSON.stringify(fitted).length).toBeLessThan(4_000_000)
    expect(Object.keys(fitted['properties'] as JsonObject)).toHaveLength(5_000)
  })

  test('stays what it is when very many branches are joined', () => {
    const names = [...Array(20_000).keys()].map((index) => `p${index}`)
    const allOf = names.map((name) => ({ properties: { [name]: {} }, required: [name] }))
    const fitted = fitSchema({ type: 'object', allOf }, MODERN, () => undefined)
    expect(Object.keys(fitted['properties'] as JsonObject)).toHaveLength(20_000)
    expect(fitted['required']).toEqual(names)
  })

  test('follows circles of branches once, and names of prototypes nowhere', () => {
    const circle = {
      allOf: [{ $ref: '#/$defs/A' }, { type: 'object' }],
      $defs: { A: { allOf: [{ $ref: '#/$defs/A' }, { title: 'A' }] } },
    }
    expect(JSON.stringify(fit(circle as JsonObject, OLD).schema).length).toBeLessThan(500)
    for (const $ref of ['#/__proto__', '#/constructor/prototype', '#/$defs/__proto__/x', '#/%5F_proto__', '#//'])
      expect(fit({ $ref, $defs: {} }, OLD).schema).toMatchObject({ type: 'object', description: expect.stringContaining('$ref') })
    const named = JSON.parse('{"allOf":[{"properties":{"__proto__":{"type":"string"}}},{"properties":{"a":{}}}]}') as JsonObject
    expect(JSON.stringify(fit(named, MODERN).schema)).toBe('{"properties":{"a":{},"__proto__":{"type":"string"}}}')
    expect({}).not.toHaveProperty('type')
  })

  test('that is nested without end is cut off', () => {
    let schema: JsonObject = { type: 'string' }
    for (let depth = 0; depth < 5_000; depth++) schema = { type: 'array', items: schema }
    expect(JSON.stringify(fitSchema(schema, MODERN, () => undefined)).length).toBeLessThan(5_000)
  })
})
