import type { Extra } from '../../ir/extra.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'

/**
 * Reads the known fields of a wire object and remembers which it understood. What is left (unknown names, and known names with a
 * value of another type) comes back from `extra`, so no field can be lost. An explicit null counts as understood and absent.
 */
export class FieldReader {
  readonly object: JsonObject
  private readonly taken: string[] = []

  constructor(object: JsonObject) {
    this.object = object
  }

  string(key: string): string | undefined {
    const value = this.object[key]
    if (typeof value === 'string' || value === null) this.taken.push(key)
    return typeof value === 'string' ? value : undefined
  }

  number(key: string): number | undefined {
    const value = this.object[key]
    if (typeof value === 'number' || value === null) this.taken.push(key)
    return typeof value === 'number' ? value : undefined
  }

  boolean(key: string): boolean | undefined {
    const value = this.object[key]
    if (typeof value === 'boolean' || value === null) this.taken.push(key)
    return typeof value === 'boolean' ? value : undefined
  }

  record(key: string): JsonObject | undefined {
    const value = this.object[key]
    if (isObject(value) || value === null) this.taken.push(key)
    return isObject(value) ? value : undefined
  }

  list(key: string): unknown[] | undefined {
    const value = this.object[key]
    if (Array.isArray(value) || value === null) this.taken.push(key)
    return Array.isArray(value) ? value : undefined
  }

  /** A list of strings; a list that holds anything else stays unread. */
  strings(key: string): string[] | undefined {
    const value = this.object[key]
    const fits = Array.isArray(value) && value.every((entry) => typeof entry === 'string')
    if (fits || value === null) this.taken.push(key)
    return fits ? value : undefined
  }

  /** A list of objects; a list that holds anything else stays unread. */
  records(key: string): JsonObject[] | undefined {
    const value = this.object[key]
    const fits = Array.isArray(value) && value.every(isObject)
    if (fits || value === null) this.taken.push(key)
    return fits ? value : undefined
  }

  /** The value as it is; null counts as absent. */
  any(key: string): unknown {
    const value = this.object[key]
    if (value !== undefined) this.taken.push(key)
    return value ?? undefined
  }

  /** Marks fields as dealt with elsewhere. */
  skip(...keys: string[]): void {
    this.taken.push(...keys)
  }

  /** Everything that was not read. */
  extra(): Extra | undefined {
    let fields: [string, unknown][] | undefined
    for (const key of Object.keys(this.object)) {
      if (!this.taken.includes(key)) (fields ??= []).push([key, this.object[key]])
    }
    // fromEntries defines own properties, so a key named __proto__ stays data.
    return fields === undefined ? undefined : { format: 'responses', fields: Object.fromEntries(fields) }
  }
}
