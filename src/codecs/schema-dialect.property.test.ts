import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { isObject, type JsonObject } from '../ir/json.ts'
import { JSON_SCHEMA_TABLE, OPENAPI_TABLE } from './gemini/schema-tables.data.ts'
import { fitSchema, type SchemaTable } from './schema-dialect.ts'

const word = fc.constantFrom('a', 'b', 'c')
const schemas = fc.letrec<{ schema: JsonObject; node: JsonObject }>((tie) => ({
  schema: fc.oneof({ maxDepth: 3 }, fc.constantFrom<JsonObject>({}, { type: 'string' }, { const: 7 }), tie('node')),
  node: fc.record(
    {
      type: fc.oneof(fc.constantFrom('string', 'object', 'integer', 'array'), fc.constant(['string', 'null'])),
      properties: fc.dictionary(word, tie('schema'), { maxKeys: 2 }),
      required: fc.array(word, { maxLength: 2 }),
      items: tie('schema'),
      anyOf: fc.array(tie('schema'), { minLength: 1, maxLength: 2 }),
      oneOf: fc.array(tie('schema'), { minLength: 1, maxLength: 2 }),
      allOf: fc.array(tie('schema'), { minLength: 1, maxLength: 2 }),
      not: tie('schema'),
      enum: fc.array(fc.oneof(word, fc.integer(), fc.constant(null)), { minLength: 1, maxLength: 2 }),
      const: fc.oneof(word, fc.boolean()),
      format: fc.constantFrom('date-time', 'uri'),
      minLength: fc.nat(9),
      exclusiveMinimum: fc.integer(),
      additionalProperties: fc.oneof(fc.boolean(), tie('schema')),
      description: word,
      title: word,
      $ref: fc.constantFrom('#/$defs/A', '#/definitions/B', '#', 'https://example.com/schema'),
      'x-vendor': fc.nat(),
    },
    { requiredKeys: [] },
  ),
}))
const document = fc.tuple(schemas.node, schemas.node).map(([schema, A]): JsonObject => ({ ...schema, $defs: { A } }))

/** Every keyword that stands where a schema does. */
function keywordsIn(schema: unknown): string[] {
  if (!isObject(schema)) return []
  return Object.entries(schema).flatMap(([key, value]) => {
    if (key === 'properties' || key === '$defs') return [key, ...Object.values(isObject(value) ? value : {}).flatMap(keywordsIn)]
    if (key === 'items' || key === 'additionalProperties') return [key, ...keywordsIn(value)]
    const branches = ['anyOf', 'oneOf', 'prefixItems'].includes(key) && Array.isArray(value) ? value.flatMap(keywordsIn) : []
    return [key, ...branches]
  })
}

const TABLES: readonly (readonly [name: string, table: SchemaTable])[] = [
  ['JSON Schema', JSON_SCHEMA_TABLE],
  ['OpenAPI', OPENAPI_TABLE],
]

for (const [name, table] of TABLES) {
  test(`a schema fitted to the ${name} of a vendor holds the keywords it knows and no others, and fits`, () => {
    fc.assert(
      fc.property(document, (schema) => {
        const before = JSON.stringify(schema)
        const fitted = fitSchema(schema, table, () => undefined)
        expect(keywordsIn(fitted).filter((key) => !table.keywords.has(key))).toEqual([])
        expect(JSON.stringify(schema)).toBe(before)
        const changes: string[] = []
        expect(fitSchema(fitted, table, (pointer, kind) => changes.push(`${kind} ${pointer}`))).toEqual(fitted)
        expect(changes).toEqual([])
      }),
      { seed: 20_260_101, numRuns: 400 },
    )
  })
}
