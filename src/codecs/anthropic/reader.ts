import { GatewayError } from '../../errors/gateway-error.ts'
import type { Extra, Sourced } from '../../ir/extra.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'

/** Refuses the body, naming the field in the dotted form the official API uses. `path` is a JSON pointer. */
export function invalid(path: string, expectation: string): never {
  const param = path.slice(1).replaceAll('/', '.')
  throw new GatewayError(
    'invalid_body',
    `${param === '' ? 'The request body' : param}: ${expectation}`,
    param === '' ? {} : { param },
  )
}

export function requireObject(value: unknown, path: string): JsonObject {
  return isObject(value) ? value : invalid(path, 'must be an object')
}

export function requireString(value: unknown, path: string): string {
  return typeof value === 'string' ? value : invalid(path, 'must be a string')
}

/** The official API takes null for every optional field; null and absent mean the same. */
export function optionalString(value: unknown, path: string): string | undefined {
  return value === undefined || value === null ? undefined : requireString(value, path)
}

export function optionalNumber(value: unknown, path: string): number | undefined {
  if (value === undefined || value === null) return undefined
  return typeof value === 'number' ? value : invalid(path, 'must be a number')
}

export function optionalBoolean(value: unknown, path: string): boolean | undefined {
  if (value === undefined || value === null) return undefined
  return typeof value === 'boolean' ? value : invalid(path, 'must be a boolean')
}

export function optionalStrings(value: unknown, path: string): string[] | undefined {
  if (value === undefined || value === null) return undefined
  if (!Array.isArray(value)) return invalid(path, 'must be an array of strings')
  for (const [index, item] of value.entries()) requireString(item, `${path}/${index}`)
  return value as string[]
}

/** Adds an unmodelled field to a node. The bag has no prototype, so that a key like `__proto__` is a key like any other. */
export function addExtra(node: Sourced, key: string, value: unknown): void {
  const extra: Extra = node.extra ?? { format: 'anthropic', fields: Object.create(null) as Record<string, unknown> }
  extra.fields[key] = value
  node.extra = extra
}
