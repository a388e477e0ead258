import { isObject, type JsonObject } from '../../ir/json.ts'

const MAX_DEPTH = 8

/** Plausible texts for properties whose name says what they hold. */
const BY_NAME: readonly (readonly [RegExp, string])[] = [
  [/city|location|place/i, 'Paris'],
  [/country/i, 'France'],
  [/path|file/i, 'README.md'],
  [/command|cmd/i, 'echo hello'],
  [/url|uri|link/i, 'https://example.com/'],
  [/email/i, 'someone@example.com'],
  [/query|question|prompt|search/i, 'What is the weather in Paris?'],
  [/pattern|regex/i, '.*'],
  [/name/i, 'example'],
]

const BY_FORMAT: Readonly<Record<string, string>> = {
  'date-time': '2025-01-01T12:00:00Z',
  date: '2025-01-01',
  time: '12:00:00Z',
  email: 'someone@example.com',
  uri: 'https://example.com/',
  uuid: '00000000-0000-4000-8000-000000000000',
}

/** A value that fits a JSON Schema, as far as its types, enums, formats and bounds go. The same schema gives the same value. */
export function exampleValue(schema: unknown): unknown {
  return exampleOf(schema, { root: schema, name: '', depth: 0 })
}

interface Place {
  readonly root: unknown
  /** Name of the property that holds the value. */
  readonly name: string
  readonly depth: number
}

function exampleOf(schema: unknown, place: Place): unknown {
  if (!isObject(schema) || place.depth > MAX_DEPTH) return 'example'
  const inner = { ...place, depth: place.depth + 1 }
  if ('const' in schema) return schema['const']
  if ('default' in schema) return schema['default']
  for (const list of ['enum', 'examples']) {
    const values = schema[list]
    if (Array.isArray(values) && values.length > 0) return values[0] as unknown
  }
  if (typeof schema['$ref'] === 'string') return exampleOf(resolve(schema['$ref'], place.root), inner)
  for (const list of ['anyOf', 'oneOf', 'allOf']) {
    const variants = schema[list]
    if (Array.isArray(variants) && variants.length > 0) return exampleOf(variants[0], inner)
  }
  return ofType(schema, inner)
}

function ofType(schema: JsonObject, place: Place): unknown {
  const type: unknown = Array.isArray(schema['type'])
    ? schema['type'][0]
    : (schema['type'] ?? ('properties' in schema ? 'object' : 'string'))
  switch (type) {
    case 'object':
      return exampleObject(schema, place)
    case 'array':
      return Array.from({ length: Math.max(1, numberOf(schema['minItems']) ?? 1) }, () =>
        exampleOf(schema['items'] ?? { type: 'string' }, place),
      )
    case 'integer':
    case 'number':
      return numberOf(schema['minimum']) ?? numberOf(schema['maximum']) ?? 1
    case 'boolean':
      return true
    case 'null':
      return null
    default:
      return exampleText(schema, place.name)
  }
}

/** The required properties, or all of them when none is required. */
function exampleObject(schema: JsonObject, place: Place): JsonObject {
  const properties = isObject(schema['properties']) ? schema['properties'] : {}
  const required = Array.isArray(schema['required']) ? schema['required'].filter((name) => typeof name === 'string') : []
  const names = required.length > 0 ? required : Object.keys(properties)
  return Object.fromEntries(names.map((name) => [name, exampleOf(properties[name] ?? { type: 'string' }, { ...place, name })]))
}

function exampleText(schema: JsonObject, name: string): string {
  const format = typeof schema['format'] === 'string' ? BY_FORMAT[schema['format']] : undefined
  const text = format ?? BY_NAME.find(([pattern]) => pattern.test(name))?.[1] ?? 'example'
  const longest = numberOf(schema['maxLength'])
  return text.padEnd(numberOf(schema['minLength']) ?? 0, '.').slice(0, longest ?? undefined)
}

/** A reference inside the same schema, `#/$defs/…`. */
function resolve(reference: string, root: unknown): unknown {
  let current = root
  for (const step of reference.replace(/^#\/?/, '').split('/')) {
    if (step !== '') current = isObject(current) ? current[step.replaceAll('~1', '/').replaceAll('~0', '~')] : undefined
  }
  return current
}

const numberOf = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined)
