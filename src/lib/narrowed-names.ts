import { matchesPattern } from './pattern-index.ts'

/**
 * The names that both lists let through; undefined lets all through. `*` stands for any text. Of two patterns the narrower one stays; two that merely
 * overlap (`a*` and `*b`) have nothing in common here, so that nobody gets more than both allow.
 */
export function narrowedNames(
  left: readonly string[] | undefined,
  right: readonly string[] | undefined,
): readonly string[] | undefined {
  if (left === undefined || right === undefined) return left ?? right
  return [...new Set([...left.filter((name) => isWithin(name, right)), ...right.filter((name) => isWithin(name, left))])]
}

/** A pattern is within one that takes its `*` for a text. */
const isWithin = (name: string, list: readonly string[]): boolean => list.some((pattern) => matchesPattern(pattern, name))
