import type { JsonObject } from '../ir/json.ts'

/** What a diagnostic says of a keyword that only the description holds: `schema_constraint`. */
export const CONSTRAINT_DESCRIBED = 'a keyword of a schema that the format does not know was moved into the description'

/** Above this a keyword is only named: whole schemas do not belong into a description. */
const LONGEST_NOTE = 300

/** Puts keywords that are not sent into the description, where the model still reads them: `{minLength: 1, pattern: "^a"}`. */
export function annotated(schema: JsonObject, notes: JsonObject): JsonObject {
  const keys = Object.keys(notes)
  if (keys.length === 0) return schema
  const told = keys.map((key) => {
    const value = JSON.stringify(notes[key]) ?? 'null'
    return value.length <= LONGEST_NOTE ? `${key}: ${value}` : key
  })
  const described = typeof schema['description'] === 'string' && schema['description'] !== '' ? `${schema['description']} ` : ''
  return { ...schema, description: `${described}{${told.join(', ')}}` }
}

/** A member may be called `__proto__`. */
export function setMember(target: JsonObject, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true })
}

/** A key as a part of a JSON pointer. */
export const escaped = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1')
