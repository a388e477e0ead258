import { Secret } from './secret.ts'

/**
 * Whether two values hold the same data: plain objects, lists, maps, sets and secrets by what they hold, everything else by identity. A member
 * that is undefined is as good as none.
 */
export function sameData(left: unknown, right: unknown): boolean {
  if (left === right) return true
  if (left instanceof Secret || right instanceof Secret)
    return left instanceof Secret && right instanceof Secret && left.reveal() === right.reveal()
  if (left instanceof Map || right instanceof Map)
    return left instanceof Map && right instanceof Map && left.size === right.size && sameData([...left], [...right])
  if (left instanceof Set || right instanceof Set)
    return left instanceof Set && right instanceof Set && sameData([...left], [...right])
  if (Array.isArray(left) || Array.isArray(right))
    return (
      Array.isArray(left) &&
      Array.isArray(right) &&
      left.length === right.length &&
      left.every((value: unknown, index) => sameData(value, right[index]))
    )
  if (!isPlain(left) || !isPlain(right)) return Number.isNaN(left) && Number.isNaN(right)
  return [...new Set([...Object.keys(left), ...Object.keys(right)])].every((key) => sameData(left[key], right[key]))
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
