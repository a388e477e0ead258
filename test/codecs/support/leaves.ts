import { isObject } from '../../../src/ir/json.ts'

export interface Leaf {
  /** JSON pointer. */
  readonly path: string
  readonly key: string
  readonly value: unknown
}

const escaped = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1')

/** Every scalar of a JSON value with its pointer. */
export function leavesOf(value: unknown, path = '', key = ''): Leaf[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => leavesOf(item, `${path}/${index}`, key))
  if (isObject(value)) return Object.keys(value).flatMap((name) => leavesOf(value[name], `${path}/${escaped(name)}`, name))
  return [{ path, key, value }]
}

/** A deep copy with one leaf replaced. */
export function withLeaf(value: unknown, path: string, replacement: unknown): unknown {
  const copy = structuredClone(value)
  const keys = path
    .slice(1)
    .split('/')
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))
  let node = copy as Record<string, unknown>
  for (const key of keys.slice(0, -1)) node = node[key] as Record<string, unknown>
  node[keys.at(-1)!] = replacement
  return copy
}
