import { isObject, type JsonObject } from '../ir/json.ts'
import { escaped } from './schema-notes.ts'
import { firstOfEach } from './schema-references.ts'

/** Keywords that the API's constrained decoding refuses. They go into the description, where the model still reads them. */
const UNSUPPORTED = new Set([
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'minLength',
  'maxLength',
  'maxItems',
  'uniqueItems',
  'minProperties',
  'maxProperties',
])
const UNIONS = ['anyOf', 'oneOf', 'allOf'] as const
const MAX_DEPTH = 100

/** A tool's schema as the API takes it: an object at the top, without a union there. Fitting schemas come back as they are. */
export function inputSchemaOf(parameters: unknown): JsonObject {
  if (!isObject(parameters)) return { type: 'object', properties: {} }
  const hasUnion = UNIONS.some((keyword) => parameters[keyword] !== undefined)
  if (parameters['type'] === 'object' && !hasUnion) return parameters
  if (!hasUnion) return { ...parameters, type: 'object' }
  return mergedUnion(parameters)
}

/** Folds a union at the top into one object: all properties of all branches, required where every branch requires them. */
function mergedUnion(parameters: JsonObject): JsonObject {
  const { anyOf, oneOf, allOf, ...rest } = parameters
  const alternatives = [anyOf, oneOf].flatMap((branches) => (Array.isArray(branches) ? branches.filter(isObject) : []))
  const conjunction = Array.isArray(allOf) ? allOf.filter(isObject) : []
  const all = [rest, ...conjunction, ...alternatives].map((schema) => schema['properties'])
  const properties = firstOfEach(all.filter(isObject))
  const required = new Set([...requiredOf(rest), ...conjunction.flatMap(requiredOf)])
  const [first, ...others] = alternatives.map((branch) => new Set(requiredOf(branch)))
  for (const name of first ?? []) if (others.every((names) => names.has(name))) required.add(name)
  return { ...rest, type: 'object', properties, ...(required.size > 0 ? { required: [...required] } : {}) }
}

function requiredOf(schema: JsonObject): string[] {
  return Array.isArray(schema['required']) ? schema['required'].filter((name) => typeof name === 'string') : []
}

/** Told of every keyword that the description says instead, with its JSON pointer in the schema. */
type OnDescribed = (pointer: string) => void

interface Place {
  readonly pointer: string
  readonly depth: number
  readonly described: OnDescribed
}

/** A schema for constrained decoding: closed objects, no unsupported keywords. Fitting schemas come back as they are. */
export const strictSchemaOf = (schema: JsonObject, described: OnDescribed): JsonObject =>
  strictSchemaAt(schema, { pointer: '', depth: 0, described })

const below = ({ pointer, depth, described }: Place, step: string): Place => ({
  pointer: `${pointer}/${escaped(step)}`,
  depth: depth + 1,
  described,
})

function strictSchemaAt(schema: JsonObject, place: Place): JsonObject {
  if (place.depth > MAX_DEPTH) return schema
  let changed: JsonObject | undefined
  const notes: string[] = []
  for (const key of Object.keys(schema)) {
    const value = schema[key]
    if (isUnsupported(key, value)) {
      notes.push(`${key}: ${JSON.stringify(value)}`)
      place.described(`${place.pointer}/${escaped(key)}`)
      changed = without(changed ?? schema, key)
      continue
    }
    const fitted = fitKeyword(key, value, { ...place, pointer: `${place.pointer}/${escaped(key)}` })
    if (fitted !== value) changed = { ...(changed ?? schema), [key]: fitted }
  }
  const isObjectSchema = schema['type'] === 'object' || isObject(schema['properties'])
  if (isObjectSchema && schema['additionalProperties'] !== false)
    changed = { ...(changed ?? schema), additionalProperties: false }
  if (notes.length > 0) {
    const described = typeof schema['description'] === 'string' ? `${schema['description']} ` : ''
    changed = { ...(changed ?? schema), description: `${described}{${notes.join(', ')}}` }
  }
  return changed ?? schema
}

function isUnsupported(key: string, value: unknown): boolean {
  return UNSUPPORTED.has(key) || (key === 'minItems' && value !== 0 && value !== 1)
}

/** Keywords that hold schemas are walked; names of properties are no keywords. */
function fitKeyword(key: string, value: unknown, place: Place): unknown {
  switch (key) {
    case 'properties':
    case '$defs':
    case 'definitions':
      return isObject(value) ? fitNamed(value, place) : value
    case 'items':
    case 'not':
      return isObject(value) ? strictSchemaAt(value, { ...place, depth: place.depth + 1 }) : value
    case 'anyOf':
    case 'oneOf':
    case 'allOf':
      return Array.isArray(value) ? fitList(value, place) : value
    default:
      return value
  }
}

function fitNamed(schemas: JsonObject, place: Place): JsonObject {
  const fitted = Object.entries(schemas).map(
    ([name, schema]) => [name, isObject(schema) ? strictSchemaAt(schema, below(place, name)) : schema] as const,
  )
  return fitted.every(([name, schema]) => schema === schemas[name]) ? schemas : Object.fromEntries(fitted)
}

function fitList(schemas: unknown[], place: Place): unknown[] {
  const fitted = schemas.map((schema, index) => (isObject(schema) ? strictSchemaAt(schema, below(place, String(index))) : schema))
  return fitted.every((schema, index) => schema === schemas[index]) ? schemas : fitted
}

function without(schema: JsonObject, key: string): JsonObject {
  const { [key]: _dropped, ...rest } = schema
  return rest
}
