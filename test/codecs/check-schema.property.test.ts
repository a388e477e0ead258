import { Ajv2020 } from 'ajv/dist/2020.js'
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { checkSchema } from '../../src/engine/answer-schema/check-schema.ts'
import { loadPatterns } from '../../src/lib/linear-pattern.ts'
import { property } from './support/property.ts'

const compile = await loadPatterns()
const NAMES = ['a', 'b', 'c']
const scalar = fc.oneof(
  fc.constantFrom(null, true, false, '', 'a', 'ab', 'abc', 'é😀'),
  fc.integer({ min: -3, max: 3 }),
  fc.constantFrom(0.5, 1.5),
)
const value = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    scalar,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...NAMES), tie('value'), { maxKeys: 3, noNullPrototype: true }),
  ),
})).value
const count = fc.integer({ min: 0, max: 3 })

/** Schemas of all keywords that are checked, within each other. */
const schema = fc.letrec<{ schema: unknown }>((tie) => {
  const inner = tie('schema')
  const named = fc.dictionary(fc.constantFrom(...NAMES), inner, { maxKeys: 2, noNullPrototype: true })
  const some = fc.array(inner, { minLength: 1, maxLength: 3 })
  return {
    schema: fc.oneof(
      { maxDepth: 3, depthSize: 'small' },
      fc.boolean(),
      fc
        .record(
          {
            type: fc.constantFrom(
              'null',
              'boolean',
              'number',
              'integer',
              'string',
              'array',
              'object',
              ['string', 'null'],
              ['array', 'object'],
            ),
            enum: fc.uniqueArray(value, {
              minLength: 1,
              maxLength: 4,
              comparator: 'SameValue',
              selector: (entry) => JSON.stringify(entry),
            }),
            const: value,
            minimum: count,
            maximum: count,
            exclusiveMinimum: count,
            exclusiveMaximum: count,
            multipleOf: fc.constantFrom(1, 2, 0.5),
            minLength: count,
            maxLength: count,
            pattern: fc.constantFrom('^a', 'b$', '^[a-z]+$', '^.{2}$'),
            minItems: count,
            maxItems: count,
            uniqueItems: fc.boolean(),
            prefixItems: some,
            items: inner,
            contains: inner,
            minContains: count,
            maxContains: count,
            properties: named,
            patternProperties: fc.dictionary(fc.constantFrom('^a', '[bc]'), inner, { maxKeys: 2, noNullPrototype: true }),
            additionalProperties: inner,
            propertyNames: inner,
            required: fc.uniqueArray(fc.constantFrom(...NAMES), { maxLength: 2 }),
            minProperties: count,
            maxProperties: count,
            dependentRequired: fc.dictionary(fc.constantFrom(...NAMES), fc.uniqueArray(fc.constantFrom(...NAMES)), {
              maxKeys: 2,
            }),
            dependentSchemas: named,
            allOf: some,
            anyOf: some,
            oneOf: some,
            not: inner,
            if: inner,
            // Renamed below: nothing that has a `then` is to look like a promise.
            whereSo: inner,
            else: inner,
            $ref: fc.constantFrom('#/$defs/a', '#/$defs/b'),
          },
          { requiredKeys: [] },
        )
        .map((made) => {
          // Of the many keywords a few at a time: with all of them nothing ever fits.
          const keys = Object.keys(made).toSorted(
            (left, right) => (left + JSON.stringify(made)).length - (right + JSON.stringify(made)).length,
          )
          return Object.fromEntries(
            keys.slice(0, 4).map((key) => [key === 'whereSo' ? 'then' : key, made[key as keyof typeof made]]),
          )
        }),
    ),
  }
}).schema

const ajv = new Ajv2020({ strict: false, logger: false, meta: false, validateSchema: false })

test('agrees with a validator that compiles schemas to code', () => {
  const definition = fc.constantFrom<unknown>({ type: 'string' }, { minimum: 1 }, true, { not: { type: 'null' } })
  const values = fc.array(value, { minLength: 4, maxLength: 8 })
  property([schema, fc.record({ a: definition, b: definition }), values], (made, $defs, tried) => {
    const whole = typeof made === 'object' ? { ...made, $defs } : made
    const validate = ajv.compile(whole as object)
    for (const each of tried)
      expect([whole, each, checkSchema(whole, each, compile).kind]).toEqual([whole, each, validate(each) ? 'valid' : 'invalid'])
  })
})
