import { isObject } from '../../ir/json.ts'
import { gradeOf, UNKNOWN, VALID, type Grade, type Keyword, type SchemaWalk } from './grade.ts'

/** Keywords that look at a value itself. */
export const VALUE_KEYWORDS: Readonly<Record<string, Keyword>> = {
  type: ({ argument, value }, walk) => {
    const types: unknown[] = Array.isArray(argument) ? argument : [argument]
    walk.spend(types.length)
    return types.every((type) => typeof type === 'string') ? gradeOf(types.some((type) => isOfType(value, type))) : UNKNOWN
  },
  enum: ({ argument, value }, walk) => {
    if (!Array.isArray(argument)) return UNKNOWN
    walk.spend(argument.length)
    return gradeOf(argument.some((candidate) => isSame(candidate, value, walk)))
  },
  const: ({ argument, value }, walk) => gradeOf(isSame(argument, value, walk)),
  minimum: bound((value, limit) => value >= limit),
  maximum: bound((value, limit) => value <= limit),
  exclusiveMinimum: bound((value, limit) => value > limit),
  exclusiveMaximum: bound((value, limit) => value < limit),
  multipleOf: bound((value, step) => {
    const times = value / step
    return Math.abs(times - Math.round(times)) < 1e-9 * Math.max(1, Math.abs(times))
  }),
  minLength: size(lengthOf, (length, least) => length >= least),
  maxLength: size(lengthOf, (length, most) => length <= most),
  pattern: ({ argument, value }, walk) => {
    if (typeof value !== 'string') return VALID
    return typeof argument === 'string' ? matches(argument, value, walk) : UNKNOWN
  },
  minItems: size(itemsOf, (count, least) => count >= least),
  maxItems: size(itemsOf, (count, most) => count <= most),
  uniqueItems: ({ argument, value }, walk) => {
    if (argument !== true || !Array.isArray(value)) return VALID
    return gradeOf(new Set(value.map((item) => canonical(item, walk))).size === value.length)
  },
  minProperties: size(membersOf, (count, least) => count >= least),
  maxProperties: size(membersOf, (count, most) => count <= most),
  required: ({ argument, value }, walk) => (isObject(value) ? hasAll(argument, value, walk) : VALID),
  dependentRequired: ({ argument, value }, walk) => {
    if (!isObject(value)) return VALID
    if (!isObject(argument)) return UNKNOWN
    walk.spend(Object.keys(argument).length)
    let grade: Grade = VALID
    for (const [name, names] of Object.entries(argument))
      if (Object.hasOwn(value, name)) grade = Math.min(grade, hasAll(names, value, walk)) as Grade
    return grade
  },
}

export function matches(source: string, text: string, walk: SchemaWalk): Grade {
  const pattern = walk.pattern(source)
  if (pattern === undefined) return UNKNOWN
  walk.spend(1 + (text.length * pattern.size) / CHARACTERS_A_STEP)
  return gradeOf(pattern.matches(text))
}

/** Of a text that is only run over, and of a text by the size of a pattern. */
export const CHARACTERS_A_STEP = 50

export function hasAll(names: unknown, value: object, walk: SchemaWalk): Grade {
  if (!Array.isArray(names)) return UNKNOWN
  walk.spend(names.length)
  return names.every((name) => typeof name === 'string') ? gradeOf(names.every((name) => Object.hasOwn(value, name))) : UNKNOWN
}

function bound(holds: (value: number, limit: number) => boolean): Keyword {
  return ({ argument, value }) => {
    if (typeof value !== 'number') return VALID
    return typeof argument === 'number' ? gradeOf(holds(value, argument)) : UNKNOWN
  }
}

/** `measure` gives the size of the values that the keyword is about. */
function size(
  measure: (value: unknown, walk: SchemaWalk) => number | undefined,
  holds: (size: number, limit: number) => boolean,
): Keyword {
  return ({ argument, value }, walk) => {
    const measured = measure(value, walk)
    if (measured === undefined) return VALID
    return typeof argument === 'number' ? gradeOf(holds(measured, argument)) : UNKNOWN
  }
}

/** In code points, as the standard wants. */
function lengthOf(value: unknown, walk: SchemaWalk): number | undefined {
  if (typeof value !== 'string') return undefined
  walk.spend(value.length / CHARACTERS_A_STEP)
  let length = value.length
  for (let index = 0; index < value.length; index++) {
    if ((value.codePointAt(index) ?? 0) <= 0xff_ff) continue
    length--
    index++
  }
  return length
}

function itemsOf(value: unknown): number | undefined {
  return Array.isArray(value) ? value.length : undefined
}

function membersOf(value: unknown, walk: SchemaWalk): number | undefined {
  if (!isObject(value)) return undefined
  const { length } = Object.keys(value)
  walk.spend(length / CHARACTERS_A_STEP)
  return length
}

function isOfType(value: unknown, type: string): boolean {
  switch (type) {
    case 'null':
      return value === null
    case 'array':
      return Array.isArray(value)
    case 'object':
      return isObject(value)
    case 'integer':
      return Number.isInteger(value)
    default:
      return typeof value === type
  }
}

function isSame(left: unknown, right: unknown, walk: SchemaWalk): boolean {
  if (left === right) return true
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false
  return canonical(left, walk) === canonical(right, walk)
}

const MOST_DEPTH = 1_000

/** The same text for the same data. */
function canonical(value: unknown, walk: SchemaWalk, depth = 0): string {
  walk.spend(depth > MOST_DEPTH ? Infinity : 1)
  if (Array.isArray(value)) return `[${value.map((item) => canonical(item, walk, depth + 1)).join(',')}]`
  if (isObject(value)) {
    const names = Object.keys(value).toSorted()
    return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(value[name], walk, depth + 1)}`).join(',')}}`
  }
  if (typeof value === 'string') walk.spend(value.length / CHARACTERS_A_STEP)
  return JSON.stringify(value)
}
