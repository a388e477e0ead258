import type { Extra } from '../../ir/extra.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'
import type { Report } from '../report.ts'

/** Sets a field unless the value is undefined. */
export function put(target: JsonObject, key: string, value: unknown): void {
  if (value !== undefined) target[key] = value
}

/** Adds the unmodelled fields of a node: replayed when they come from this format, reported when from another. */
export function putExtra(target: JsonObject, extra: Extra | undefined, path: string | undefined, report: Report): void {
  if (extra === undefined) return
  for (const key of Object.keys(extra.fields)) {
    const value = extra.fields[key]
    if (extra.format !== 'responses')
      report.lost('extension', `${path ?? ''}/${escaped(key)}`, 'a field that only another format knows was left out')
    else if (!Object.hasOwn(target, key))
      Object.defineProperty(target, key, { value, enumerable: true, writable: true, configurable: true })
    else if (isObject(value) && isObject(target[key])) target[key] = { ...value, ...target[key] }
  }
}

const escaped = (key: string): string => (/[~/]/.test(key) ? key.replaceAll('~', '~0').replaceAll('/', '~1') : key)
