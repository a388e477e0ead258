import type { Report } from '../report.ts'
import { GatewayError } from '../../errors/gateway-error.ts'
import type { Extra } from '../../ir/extra.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'

/** Refuses a body; `param` names the field in the style of this format (`messages[0].role`). */
export function invalidBody(message: string, param: string): GatewayError {
  return new GatewayError('invalid_body', message, { param })
}

/** Escapes a key for use in a JSON pointer. */
export function pointer(base: string, key: string): string {
  return `${base}/${key.includes('~') || key.includes('/') ? key.replaceAll('~', '~0').replaceAll('/', '~1') : key}`
}

/**
 * Reads an object field by field and remembers what was understood. A known field of an unexpected type counts as not
 * understood, so that it survives in `extra` like an unknown one. Null means "not said" for known fields.
 */
export class FieldReader {
  private readonly object: JsonObject
  private readonly taken: string[] = []
  private nested: Record<string, unknown> | undefined = undefined

  constructor(object: JsonObject) {
    this.object = object
  }

  string(key: string): string | undefined {
    const value = this.object[key]
    return this.accept(key, typeof value === 'string' ? value : undefined)
  }

  number(key: string): number | undefined {
    const value = this.object[key]
    return this.accept(key, typeof value === 'number' ? value : undefined)
  }

  boolean(key: string): boolean | undefined {
    const value = this.object[key]
    return this.accept(key, typeof value === 'boolean' ? value : undefined)
  }

  array(key: string): unknown[] | undefined {
    const value = this.object[key]
    return this.accept(key, Array.isArray(value) ? value : undefined)
  }

  strings(key: string): string[] | undefined {
    const value = this.object[key]
    return this.accept(key, Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : undefined)
  }

  record(key: string): JsonObject | undefined {
    const value = this.object[key]
    return this.accept(key, isObject(value) ? value : undefined)
  }

  /** Any value but null. */
  any(key: string): unknown {
    return this.accept(key, this.object[key] ?? undefined)
  }

  /** Takes a field back: it goes to `extra` after all. */
  release(key: string): void {
    const index = this.taken.indexOf(key)
    if (index >= 0) this.taken.splice(index, 1)
  }

  /** Unknown fields of an object that was read below `key`; they are kept below the same key. */
  keepNested(key: string, extra: Extra | undefined): void {
    if (extra === undefined) return
    this.nested ??= {}
    this.nested[key] = extra.fields
  }

  /** Everything that was not understood, or undefined. */
  extra(): Extra | undefined {
    const entries: [string, unknown][] = []
    for (const key of Object.keys(this.object)) if (!this.taken.includes(key)) entries.push([key, this.object[key]])
    if (this.nested !== undefined) entries.push(...Object.entries(this.nested))
    // fromEntries defines own properties, so a key named `__proto__` stays a plain field.
    return entries.length === 0 ? undefined : { format: 'openai', fields: Object.fromEntries(entries) }
  }

  private accept<Value>(key: string, value: Value | undefined): Value | undefined {
    if (value !== undefined || this.object[key] === null) this.taken.push(key)
    return value
  }
}

/** Sets a field unless the value is undefined. */
export function put(target: JsonObject, key: string, value: unknown): void {
  if (value !== undefined) target[key] = value
}

/**
 * Adds the unknown fields of a node: verbatim when they come from this format, else each is reported. Fields the encoder wrote
 * itself win; objects on both sides are merged.
 */
export function addExtra(target: JsonObject, extra: Extra | undefined, path: string | undefined, report: Report): void {
  if (extra === undefined) return
  for (const key of Object.keys(extra.fields)) {
    const value = extra.fields[key]
    const written = Object.hasOwn(target, key) ? target[key] : undefined
    if (extra.format !== 'openai')
      report.lost('extension', pointer(path ?? '', key), 'a field that only the format of the client knows was left out')
    else if (written === undefined)
      Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true })
    else if (isObject(written) && isObject(value))
      addExtra(written, { format: 'openai', fields: value }, pointer(path ?? '', key), report)
    else report.rewritten('extension', pointer(path ?? '', key), 'a field was replaced by the value of a newer field')
  }
}
