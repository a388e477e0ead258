import { isObject, type JsonObject } from '../../ir/json.ts'

const MAX_DEPTH = 100
const COUNT = /^\d+$/

/** Keywords of the dialect whose 64-bit counts are written as strings. */
const COUNTS = new Set(['minItems', 'maxItems', 'minLength', 'maxLength', 'minProperties', 'maxProperties'])

/**
 * A schema in the OpenAPI dialect of this format as JSON Schema: types in lower case, `nullable` as a second type, counts as numbers,
 * `propertyOrdering` as the order of the properties. Exact: every value that fits one fits the other.
 */
export function jsonSchemaOf(schema: unknown, depth = 0): unknown {
  if (!isObject(schema) || depth > MAX_DEPTH) return schema
  const order = schema['propertyOrdering'] ?? schema['property_ordering']
  const converted: JsonObject = {}
  for (const key of Object.keys(schema)) {
    if (key === 'nullable' || key === 'propertyOrdering' || key === 'property_ordering' || key === 'type') continue
    put(converted, keyword(key), convert(keyword(key), schema[key], order, depth))
  }
  return withType(converted, schema)
}

/** Keywords may be spelt with underscores, as every field of the API. */
function keyword(key: string): string {
  return key.includes('_') ? key.replaceAll(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase()) : key
}

function convert(key: string, value: unknown, order: unknown, depth: number): unknown {
  if (key === 'items') return jsonSchemaOf(value, depth + 1)
  if (key === 'anyOf' || key === 'prefixItems')
    return Array.isArray(value) ? value.map((branch) => jsonSchemaOf(branch, depth + 1)) : value
  if (key === 'properties') return isObject(value) ? orderedProperties(value, order, depth) : value
  if (COUNTS.has(key)) return typeof value === 'string' && COUNT.test(value) ? Number(value) : value
  return value
}

function orderedProperties(properties: JsonObject, order: unknown, depth: number): JsonObject {
  const names = Object.keys(properties)
  const first = Array.isArray(order)
    ? order.filter((name): name is string => typeof name === 'string' && names.includes(name))
    : []
  const ordered: JsonObject = {}
  for (const name of new Set([...first, ...names])) put(ordered, name, jsonSchemaOf(properties[name], depth + 1))
  return ordered
}

function withType(converted: JsonObject, schema: JsonObject): JsonObject {
  const type = typeof schema['type'] === 'string' ? schema['type'].toLowerCase() : schema['type']
  const isNullable = schema['nullable'] === true
  if (type === undefined || type === 'type_unspecified') {
    if (!isNullable) return converted
    return { anyOf: [converted, { type: 'null' }] }
  }
  const written: JsonObject = { type: isNullable ? [type, 'null'] : type, ...converted }
  // A list of values excludes null unless it is one of them.
  const values = written['enum']
  if (isNullable && Array.isArray(values) && !values.includes(null)) written['enum'] = [...(values as unknown[]), null]
  return written
}

/** A property may be called `__proto__`. */
function put(target: JsonObject, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true })
}
