import { isObject, type JsonObject } from '../ir/json.ts'
import { annotated, setMember } from './schema-notes.ts'

/** The schema that a pointer within the document names; undefined for every other address. */
export function resolved(reference: string, root: JsonObject): JsonObject | undefined {
  if (reference === '#') return root
  if (!reference.startsWith('#/')) return undefined
  let node: unknown = root
  for (const part of reference.slice(2).split('/')) {
    const key = decoded(part).replaceAll('~1', '/').replaceAll('~0', '~')
    if (Array.isArray(node)) node = (node as unknown[])[Number(key)]
    else node = isObject(node) && Object.hasOwn(node, key) ? node[key] : undefined
  }
  return isObject(node) ? node : undefined
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part // a stray percent sign: the name is meant as it is written
  }
}

/**
 * `allOf` as one schema: one branch stands for itself, of several the properties and the required names are joined; of any other
 * keyword the first word counts. `follow` gives what a reference in a branch names; one that it does not give is told in words.
 */
export function mergedBranches(
  rest: JsonObject,
  branches: readonly unknown[],
  follow: (reference: string) => JsonObject | undefined,
): JsonObject {
  const [only, ...others] = branches
  // A reference with words beside it, as many generators write it.
  if (others.length === 0 && isObject(only) && typeof only['$ref'] === 'string' && rest['$ref'] === undefined)
    return { ...rest, $ref: only['$ref'] }
  const found: JsonObject[] = [rest]
  const unknown: string[] = []
  for (const branch of branches) {
    if (!isObject(branch)) continue
    const { $ref, ...own } = branch
    found.push(own)
    if (typeof $ref !== 'string') continue
    const target = follow($ref)
    if (target === undefined) unknown.push($ref)
    else found.push(target)
  }
  const merged = joined(found)
  return unknown.length === 0 ? merged : annotated(merged, { allOf: unknown })
}

/** Several schemas as one: of each keyword and each property the first counts, required names are put together. */
function joined(schemas: readonly JsonObject[]): JsonObject {
  const merged = firstOfEach(schemas)
  const properties = schemas.map((schema) => schema['properties']).filter(isObject)
  const required = new Set(
    schemas.flatMap((schema) => (Array.isArray(schema['required']) ? (schema['required'] as unknown[]) : [])),
  )
  return {
    ...merged,
    ...(properties.length === 0 ? {} : { properties: firstOfEach(properties) }),
    ...(required.size === 0 ? {} : { required: [...required] }),
  }
}

/** All members of several objects; where two have one of the same name, that of the first. What came last stands first. */
export function firstOfEach(objects: readonly JsonObject[]): JsonObject {
  const all: JsonObject = {}
  for (const object of objects.toReversed()) for (const key of Object.keys(object)) setMember(all, key, object[key])
  return all
}
