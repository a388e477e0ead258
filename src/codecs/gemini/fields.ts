import type { Extra } from '../../ir/extra.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'
import { childPath } from '../extra-fields.ts'

/** A repeated field: the API takes a single value for a list of one. */
export function listOf(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return []
  return Array.isArray(value) ? value : [value]
}

const NUMBER = /^-?\d+(?:\.\d+)?$/

/**
 * Reads a message of the format, whose fields may be spelt in camel case or with underscores, and remembers what was understood.
 * A known field of an unexpected type counts as not understood, so that it survives in `extra` like an unknown one. Null means "not
 * said".
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
    const key = this.keyOf(name)
    this.taken.add(key)
    return this.object[key] ?? undefined
  }

  string(name: string): string | undefined {
    const value = this.object[this.keyOf(name)]
    return this.accept(name, typeof value === 'string' ? value : undefined)
  }

  /** The API takes numbers in strings as well. */
  number(name: string): number | undefined {
    const value = this.object[this.keyOf(name)]
    if (typeof value === 'string' && NUMBER.test(value)) return this.accept(name, Number(value))
    return this.accept(name, typeof value === 'number' ? value : undefined)
  }

  boolean(name: string): boolean | undefined {
    const value = this.object[this.keyOf(name)]
    return this.accept(name, typeof value === 'boolean' ? value : undefined)
  }

  record(name: string): JsonObject | undefined {
    const value = this.object[this.keyOf(name)]
    return this.accept(name, isObject(value) ? value : undefined)
  }

  strings(name: string): string[] | undefined {
    const value = this.object[this.keyOf(name)]
    return this.accept(name, Array.isArray(value) && value.every((entry) => typeof entry === 'string') ? value : undefined)
  }

  /** Whether the field is there, under either spelling. */
  has(name: string): boolean {
    return (this.object[this.keyOf(name)] ?? undefined) !== undefined
  }

  /** Pointer of a field, as the client spells it. */
  pathOf(name: string): string {
    return childPath(this.path, this.keyOf(name))
  }

  /** Takes a field back: it stays an unknown one after all. */
  release(name: string): void {
    this.taken.delete(this.keyOf(name))
  }

  /** Unknown fields of an object that was read below `name`; they are kept below the same name. */
  keepNested(name: string, extra: Extra | undefined): void {
    if (extra === undefined) return
    this.nested ??= {}
    this.nested[name] = extra.fields
  }

  /** Names of the fields that were not understood. */
  rest(): string[] {
    return Object.keys(this.object).filter((key) => !this.taken.has(key))
  }

  /** Everything that was not understood, or undefined. */
  extra(): Extra | undefined {
    const entries: [string, unknown][] = this.rest().map((key) => [key, this.object[key]])
    if (this.nested !== undefined) entries.push(...Object.entries(this.nested))
    // fromEntries defines own properties, so a key named `__proto__` stays a plain field.
    return entries.length === 0 ? undefined : { format: 'gemini', fields: Object.fromEntries(entries) }
  }

  private keyOf(name: string): string {
    if (this.object[name] !== undefined) return name
    const underscored = underscoredName(name)
    return underscored !== name && this.object[underscored] !== undefined ? underscored : name
  }

  private accept<Value>(name: string, value: Value | undefined): Value | undefined {
    const key = this.keyOf(name)
    if (value !== undefined || this.object[key] === null) this.taken.add(key)
    return value
  }
}

/** `functionCall` → `function_call`: the other spelling that the API takes. */
export function underscoredName(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
