/** A place in plain data where two values differ; undefined is absent. */
export interface FieldDifference {
  /** Such as `scores[0].factors.cost`. */
  readonly field: string
  readonly was: unknown
  readonly now: unknown
}

/** More of them say nothing more. */
const MOST_DIFFERENCES = 50

/** Where two values of plain data differ, leaf by leaf, in the order of the first; at most 50 places. */
export function fieldDifferences(was: unknown, now: unknown): FieldDifference[] {
  const found: FieldDifference[] = []
  visit({ field: '', was, now }, found)
  return found
}

function visit({ field, was, now }: FieldDifference, found: FieldDifference[]): void {
  if (found.length >= MOST_DIFFERENCES || was === now) return
  if (!isContainer(was) || !isContainer(now) || Array.isArray(was) !== Array.isArray(now)) {
    found.push({ field, was, now })
    return
  }
  for (const key of new Set([...Object.keys(was), ...Object.keys(now)])) {
    const step = Array.isArray(was) ? `[${key}]` : field === '' ? key : `.${key}`
    visit({ field: `${field}${step}`, was: own(was, key), now: own(now, key) }, found)
  }
}

const isContainer = (value: unknown): value is object => typeof value === 'object' && value !== null

const own = (value: object, key: string): unknown =>
  Object.hasOwn(value, key) ? (Reflect.get(value, key) as unknown) : undefined
