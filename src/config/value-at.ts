import { isObject } from '../ir/json.ts'
import type { ConfigPath } from './config-path.ts'

/** The value at a path of plain data; undefined when there is none. Inherited properties do not count. */
export function valueAt(root: unknown, path: ConfigPath): unknown {
  let value = root
  for (const step of path) {
    if (Array.isArray(value) && typeof step === 'number') value = value[step]
    else if (isObject(value) && Object.hasOwn(value, step)) value = value[step]
    else return undefined
  }
  return value
}

/** A copy of plain data without the values at the given paths. List elements go too, so later ones move up. */
export function withoutPaths(root: unknown, paths: readonly ConfigPath[]): unknown {
  const copy: unknown = structuredClone(root)
  // Backwards, so that removing a list element does not move one that is still to be removed.
  for (const path of [...paths].sort(lastFirst)) {
    const key = path.at(-1)
    const parent = valueAt(copy, path.slice(0, -1))
    if (Array.isArray(parent) && typeof key === 'number') parent.splice(key, 1)
    else if (isObject(parent) && key !== undefined) delete parent[key]
  }
  return copy
}

function lastFirst(left: ConfigPath, right: ConfigPath): number {
  for (const [index, step] of left.entries()) {
    const other = right[index]
    if (other === undefined) return -1
    if (step !== other)
      return typeof step === 'number' && typeof other === 'number' ? other - step : String(step) < String(other) ? 1 : -1
  }
  return left.length === right.length ? 0 : 1
}
