import { isObject } from '../../../ir/json.ts'
import { answers, givesJson } from '../expectations.ts'
import { both, once, user } from '../probe-parts.ts'
import type { Probe } from '../probe.types.ts'

const PERSON = {
  type: 'object',
  properties: { name: { type: 'string' }, age: { type: 'integer' } },
  required: ['name', 'age'],
  additionalProperties: false,
}
const SHELF = {
  type: 'object',
  properties: {
    books: {
      type: 'array',
      items: {
        type: 'object',
        properties: { title: { type: 'string' }, kind: { type: 'string', enum: ['novel', 'essay'] } },
        required: ['title', 'kind'],
        additionalProperties: false,
      },
    },
  },
  required: ['books'],
  additionalProperties: false,
}

function fitsShelf({ books }: Readonly<Record<string, unknown>>): boolean {
  return (
    Array.isArray(books) &&
    books.length > 0 &&
    books.every(
      (book: unknown) => isObject(book) && typeof book['title'] === 'string' && ['novel', 'essay'].includes(String(book['kind'])),
    )
  )
}

/** Answers that programs read. */
export const SCHEMA_PROBES: readonly Probe[] = [
  ...both({
    id: 'schema.object',
    group: 'schema',
    wants: 'jsonSchema',
    about: 'An answer keeps to a JSON Schema.',
    request: {
      messages: [user('Make up a person.')],
      responseFormat: { type: 'json-schema', name: 'person', schema: PERSON, strict: true },
    },
    expects: [answers, givesJson(({ name, age }) => typeof name === 'string' && Number.isInteger(age))],
  }),
  ...both({
    id: 'schema.nested',
    group: 'schema',
    wants: 'jsonSchema',
    about: 'An answer keeps to a schema with lists and fixed values.',
    request: {
      messages: [user('Make up two books.')],
      responseFormat: { type: 'json-schema', name: 'shelf', schema: SHELF, strict: true },
    },
    expects: [answers, givesJson(fitsShelf)],
  }),
  once({
    id: 'schema.json',
    group: 'schema',
    wants: 'jsonSchema',
    about: 'An answer is a JSON object when that is all that is asked.',
    request: {
      messages: [user('Make up a person, as a JSON object with the keys name and age.')],
      responseFormat: { type: 'json' },
    },
    expects: [answers, givesJson(() => true)],
  }),
]
