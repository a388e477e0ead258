import { GatewayError } from '../errors/gateway-error.ts'
import { isObject, type JsonObject } from '../ir/json.ts'

/** Refuses the body, naming the field with dots and brackets. `path` is a JSON pointer. */
export function invalid(path: string, expectation: string): never {
  const param = path
    .slice(1)
    .replaceAll(/\/(\d+)(?=\/|$)/g, '[$1]')
    .replaceAll('/', '.')
  const subject = param === '' ? 'The request body' : param
  throw new GatewayError('invalid_body', `${subject}: ${expectation}`, param === '' ? {} : { param })
}

export function requireObject(value: unknown, path: string): JsonObject {
  return isObject(value) ? value : invalid(path, 'must be an object')
}

export function requireString(value: unknown, path: string): string {
  return typeof value === 'string' ? value : invalid(path, 'must be a string')
}
