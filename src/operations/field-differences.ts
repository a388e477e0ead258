/** A place in plain data where two values differ; undefined is absent. */
export interface FieldDifference {
  /** Such as `scores[0].factors.cost`. */
  readonly field: string
  readonly then: unknown
  readonly now: unknown
}

/** More of them say nothing more. */
const MOST_DIFFERENCES = 50

/** Where two values of plain data differ, leaf by leaf, in the order of the first; at most 50 places. */
export function fieldDifferences(then: unknown, now: unknown): FieldDifference[] {
  const found: FieldDifference[] = []
  visit({ field: '', then, now }, found)
  return found
}

function visit({ field, then, now }: FieldDifference, found: FieldDifference[]): void {
  if (found.length >= MOST_DIFFERENCES || then === now) return
  if (!isContainer(then) || !isContainer(now) || Array.isArray(then) !== Array.isArray(now)) {
    found.push({ field, then, now })
    return
  }
  for (const key of new Set([...Object.keys(then), ...Object.keys(now)])) {
    const step = Array.isArray(then) ? `[${key}]` : field === '' ? key : `.${key}`
    visit({ field: `${field}${step}`, then: own(then, key), now: own(now, key) }, found)
  }
}

const isContainer = (value: unknown): value is object => typeof value === 'object' && value !== null

const own = (value: object, key: string): unknown =>
  Object.hasOwn(value, key) ? (Reflect.get(value, key) as unknown) : undefined
