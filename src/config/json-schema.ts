import { z } from 'zod'
import { isObject, type JsonObject } from '../ir/json.ts'
import type { ConfigPath } from './config-path.ts'
import { configSchema } from './schema.ts'

/** JSON Schema (2020-12) of the configuration file: for editors, for `switchback config schema`, and for the loader's own hints. */
export function configJsonSchema(): JsonObject {
  const { $schema, ...schema } = z.toJSONSchema(configSchema, { io: 'input' })
  return {
    $schema,
    title: 'Switchback configuration',
    description:
      'Configuration of the Switchback gateway. `${NAME}` and `${NAME:-default}` in texts are replaced from the environment.',
    ...schema,
  }
}

/** The schemas that can apply at a path: one, or several where a union stands on the way. */
export function schemasAt(root: JsonObject, path: ConfigPath): JsonObject[] {
  let nodes = alternatives(root)
  for (const step of path) nodes = nodes.flatMap((node) => child(node, step)).flatMap(alternatives)
  return nodes
}

/** Keys that are valid in the mapping at a path; where mappings of several kinds may stand, in one of the kind of `value`. */
export function keysAt(root: JsonObject, path: ConfigPath, value?: unknown): string[] {
  const schemas = schemasAt(root, path)
  const ofKind = isObject(value) ? schemas.filter((node) => isOfKind(node, value['kind'])) : []
  return [...new Set((ofKind.length > 0 ? ofKind : schemas).flatMap((node) => Object.keys(propertiesOf(node))))]
}

/** Whether the schema is of mappings with this `kind`; of those that need not name one when it is undefined. */
function isOfKind(node: JsonObject, kind: unknown): boolean {
  const { kind: property } = propertiesOf(node)
  const required = Array.isArray(node['required']) ? node['required'] : []
  if (kind === undefined) return !required.includes('kind')
  return isObject(property) && property['const'] === kind
}

/** Names of the JSON types a value at the path may have. */
export function typesAt(root: JsonObject, path: ConfigPath): ReadonlySet<unknown> {
  return new Set(schemasAt(root, path).map((node) => node['type']))
}

/** Places where a key of this name is valid, such as `server.bind`; list indexes are left out. */
export function placesOf(root: JsonObject, key: string): string[] {
  const places: string[] = []
  const visit = (node: JsonObject, prefix: string): void => {
    for (const alternative of alternatives(node)) {
      for (const [name, inner] of Object.entries(propertiesOf(alternative))) {
        const place = prefix === '' ? name : `${prefix}.${name}`
        if (name === key) places.push(place)
        if (isObject(inner)) visit(inner, place)
      }
      if (isObject(alternative['items'])) visit(alternative['items'], `${prefix}[]`)
    }
  }
  visit(root, '')
  return [...new Set(places)]
}

/** `properties` of a schema node, or nothing. */
export const propertiesOf = (node: JsonObject): JsonObject => (isObject(node['properties']) ? node['properties'] : {})

/** The branches of a union, or the node itself. */
export function alternatives(node: JsonObject): JsonObject[] {
  const branches = node['anyOf'] ?? node['oneOf']
  return Array.isArray(branches) ? branches.filter(isObject).flatMap(alternatives) : [node]
}

function child(node: JsonObject, step: string | number): JsonObject[] {
  const properties = propertiesOf(node)
  const inner =
    typeof step === 'number' ? node['items'] : Object.hasOwn(properties, step) ? properties[step] : node['additionalProperties']
  return isObject(inner) ? [inner] : []
}
