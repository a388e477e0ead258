import { describe, expect, test } from 'bun:test'
import { jsonSchemaOf } from './openapi-schema.ts'

describe('a schema in the OpenAPI dialect', () => {
  test('has its types in lower case and its counts as numbers', () => {
    expect(jsonSchemaOf({ type: 'ARRAY', items: { type: 'STRING', maxLength: '20' }, min_items: '1', maxItems: 3 })).toEqual({
      type: 'array',
      items: { type: 'string', maxLength: 20 },
      minItems: 1,
      maxItems: 3,
    })
  })

  test('may be null as a second type', () => {
    expect(jsonSchemaOf({ type: 'STRING', nullable: true, enum: ['a'] })).toEqual({ type: ['string', 'null'], enum: ['a', null] })
    expect(jsonSchemaOf({ anyOf: [{ type: 'STRING' }], nullable: true })).toEqual({
      anyOf: [{ anyOf: [{ type: 'string' }] }, { type: 'null' }],
    })
  })

  test('has its properties in the order it says', () => {
    const schema = {
      type: 'OBJECT',
      properties: { last: { type: 'STRING' }, first: { type: 'STRING' }, other: { type: 'STRING' } },
      propertyOrdering: ['first', 'missing', 'last'],
    }
    expect(Object.keys((jsonSchemaOf(schema) as { properties: object }).properties)).toEqual(['first', 'last', 'other'])
  })

  test('keeps properties that are called like keywords', () => {
    const properties = JSON.parse('{"nullable":{"type":"BOOLEAN"},"__proto__":{"type":"STRING"}}') as object
    expect(JSON.stringify(jsonSchemaOf({ type: 'OBJECT', properties }))).toBe(
      '{"type":"object","properties":{"nullable":{"type":"boolean"},"__proto__":{"type":"string"}}}',
    )
  })

  test('that is none, or without end, is left as it is', () => {
    expect(jsonSchemaOf(true)).toBe(true)
    let schema: object = { type: 'STRING' }
    for (let depth = 0; depth < 5_000; depth++) schema = { type: 'ARRAY', items: schema }
    expect(() => jsonSchemaOf(schema)).not.toThrow()
  })
})
