import type { Extra } from '../../ir/extra.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'
import { childPath } from '../extra-fields.ts'
import { invalid } from '../wire-values.ts'

export function requireList(value: unknown, path: string): readonly unknown[] {
  return Array.isArray(value) ? value : invalid(path, 'must be an array')
}

/**
 * Reads an object and remembers what was understood. A known field of an unexpected type counts as not understood, so that it survives in
 * `extra` like an unknown one. Null means "not said".
 */
export class FieldReader {
  readonly path: string
  private readonly object: JsonObject
  private readonly taken = new Set<string>()
  private nested: Record<string, unknown> | undefined = undefined

  constructor(object: JsonObject, path: string) {
    this.object = object
    this.path = path
  }

  /** The value, whatever it is; null counts as absent. */
  any(name: string): unknown {
    this.taken.add(name)
    return this.object[name] ?? undefined
  }

  string(name: string): string | undefined {
    const value = this.object[name]
    return this.accept(name, typeof value === 'string' ? value : undefined)
  }

  number(name: string): number | undefined {
    const value = this.object[name]
    return this.accept(name, typeof value === 'number' ? value : undefined)
  }

  boolean(name: string): boolean | undefined {
    const value = this.object[name]
    return this.accept(name, typeof value === 'boolean' ? value : undefined)
  }

  record(name: string): JsonObject | undefined {
    const value = this.object[name]
    return this.accept(name, isObject(value) ? value : undefined)
  }

  strings(name: string): string[] | undefined {
    const value = this.object[name]
    return this.accept(name, Array.isArray(value) && value.every((entry) => typeof entry === 'string') ? value : undefined)
  }

  /** The fields of an object below `name`, read by `read`; what it leaves is kept below the same name. */
  inside(name: string, read: (fields: FieldReader) => void): void {
    const value = this.record(name)
    if (value === undefined) return
    const fields = new FieldReader(value, this.pathOf(name))
    read(fields)
    const extra = fields.extra()
    // An object that says nothing is something its own format can say.
    if (extra !== undefined || Object.keys(value).length === 0) this.keep(name, extra?.fields ?? {})
  }

  /** Keeps a value among the unknown fields, as the rest of one that was read. */
  keep(name: string, value: unknown): void {
    this.nested ??= {}
    this.nested[name] = value
  }

  pathOf(name: string): string {
    return childPath(this.path, name)
  }

  /** Everything that was not understood, or undefined. */
  extra(): Extra | undefined {
    const entries = Object.entries(this.object).filter(([key]) => !this.taken.has(key))
    if (this.nested !== undefined) entries.push(...Object.entries(this.nested))
    // fromEntries defines own properties, so a key named `__proto__` stays a plain field.
    return entries.length === 0 ? undefined : { format: 'bedrock_converse', fields: Object.fromEntries(entries) }
  }

  private accept<Value>(name: string, value: Value | undefined): Value | undefined {
    if (value !== undefined || this.object[name] === null) this.taken.add(name)
    return value
  }
}
