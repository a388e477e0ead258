import { isObject, type JsonObject } from '../../ir/json.ts'
import { gradeOf, INVALID, opposite, UNKNOWN, VALID, type Grade, type Keyword, type SchemaWalk } from './grade.ts'
import { hasAll, matches } from './value-keywords.ts'

/** Keywords that hold schemas. What stands in no table is an annotation, `format` among them, and holds. */
export const NESTING_KEYWORDS: Readonly<Record<string, Keyword>> = {
  $ref: ({ argument, value, pointer }, walk) => {
    const target = typeof argument === 'string' ? walk.resolve(argument) : undefined
    return target === undefined ? UNKNOWN : walk.grade(target.schema, value, pointer)
  },
  allOf: ({ argument, value, pointer }, walk) =>
    isList(argument) ? each(argument, (schema, index) => walk.grade(schema, value, `${pointer}/${index}`)) : UNKNOWN,
  anyOf: ({ argument, value, pointer }, walk) =>
    isList(argument) ? some(argument, (schema, index) => walk.try(schema, value, `${pointer}/${index}`)) : UNKNOWN,
  oneOf: ({ argument, value, pointer }, walk) => {
    if (!isList(argument)) return UNKNOWN
    const grades = argument.map((schema, index) => walk.try(schema, value, `${pointer}/${index}`))
    const sure = grades.filter((grade) => grade === VALID).length
    if (sure > 1) return INVALID
    return grades.includes(UNKNOWN) ? UNKNOWN : gradeOf(sure === 1)
  },
  not: ({ argument, value, pointer }, walk) => opposite(walk.try(argument, value, pointer)),
  if: ({ argument, schema, value, pointer }, walk) => {
    const beside = pointer.slice(0, -'if'.length)
    const then = (): Grade => (schema['then'] === undefined ? VALID : walk.grade(schema['then'], value, `${beside}then`))
    const otherwise = (): Grade => (schema['else'] === undefined ? VALID : walk.grade(schema['else'], value, `${beside}else`))
    const condition = walk.try(argument, value, pointer)
    if (condition === UNKNOWN) return UNKNOWN
    return condition === VALID ? then() : otherwise()
  },

  prefixItems: ({ argument, value, pointer }, walk) =>
    Array.isArray(value)
      ? each(firstItems(value, argument), (item, index) =>
          walk.grade((argument as unknown[])[index], item, `${pointer}/${index}`),
        )
      : VALID,
  items: ({ argument, schema, value, pointer }, walk) => {
    if (!Array.isArray(value)) return VALID
    // Older drafts name the first items here.
    if (Array.isArray(argument))
      return each(firstItems(value, argument), (item, index) => walk.grade(argument[index], item, `${pointer}/${index}`))
    const { prefixItems } = schema
    return each(value.slice(Array.isArray(prefixItems) ? prefixItems.length : 0), (item) => walk.grade(argument, item, pointer))
  },
  additionalItems: ({ argument, schema: { items }, value, pointer }, walk) =>
    Array.isArray(value) && Array.isArray(items)
      ? each(value.slice(items.length), (item) => walk.grade(argument, item, pointer))
      : VALID,
  contains: ({ argument, schema, value, pointer }, walk) => {
    if (!Array.isArray(value)) return VALID
    const { minContains: least = 1, maxContains: most = Infinity } = schema
    if (typeof least !== 'number' || typeof most !== 'number') return UNKNOWN
    const grades = value.map((item) => walk.try(argument, item, pointer))
    const sure = grades.filter((grade) => grade === VALID).length
    const possible = grades.filter((grade) => grade !== INVALID).length
    if (possible < least || sure > most) return INVALID
    return sure >= least && possible <= most ? VALID : UNKNOWN
  },

  properties: ({ argument, value, pointer }, walk) => {
    if (!isObject(value)) return VALID
    if (!isObject(argument)) return UNKNOWN
    const named = Object.keys(argument)
    walk.spend(named.length / NAMES_A_STEP)
    return each(
      named.filter((name) => Object.hasOwn(value, name)),
      (name) => walk.grade(argument[name], value[name], `${pointer}/${escaped(name)}`),
    )
  },
  patternProperties: ({ argument, value, pointer }, walk) => {
    if (!isObject(value)) return VALID
    if (!isObject(argument)) return UNKNOWN
    return each(Object.entries(argument), ([source, schema]) =>
      each(Object.keys(value), (name) => {
        const fits = matches(source, name, walk)
        return fits === VALID
          ? walk.grade(schema, value[name], `${pointer}/${escaped(source)}`)
          : fits === INVALID
            ? VALID
            : UNKNOWN
      }),
    )
  },
  additionalProperties: ({ argument, schema, value, pointer }, walk) =>
    isObject(value)
      ? each(Object.keys(value), (name) => {
          const isNamed = nameGrade(name, schema, walk)
          if (isNamed === VALID) return VALID
          return isNamed === UNKNOWN ? UNKNOWN : walk.grade(argument, value[name], pointer)
        })
      : VALID,
  propertyNames: ({ argument, value, pointer }, walk) =>
    isObject(value) ? each(Object.keys(value), (name) => walk.grade(argument, name, pointer)) : VALID,
  dependentSchemas: dependent,
  dependencies: dependent,

  // They depend on what every other keyword has looked at, or on how the schema was reached.
  unevaluatedProperties: () => UNKNOWN,
  unevaluatedItems: () => UNKNOWN,
  $dynamicRef: () => UNKNOWN,
  $recursiveRef: () => UNKNOWN,
}

/** Names of properties are compared quickly. */
const NAMES_A_STEP = 10

export const escaped = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1')

/** Nothing is looked at behind the first that does not hold. */
function each<Item>(items: readonly Item[], grade: (item: Item, index: number) => Grade): Grade {
  let least: Grade = VALID
  for (const [index, item] of items.entries()) {
    const own = grade(item, index)
    if (own < least) least = own
    if (least === INVALID) break
  }
  return least
}

/** Nothing is looked at behind the first that holds. */
function some<Item>(items: readonly Item[], grade: (item: Item, index: number) => Grade): Grade {
  let greatest: Grade = INVALID
  for (const [index, item] of items.entries()) {
    const own = grade(item, index)
    if (own > greatest) greatest = own
    if (greatest === VALID) break
  }
  return greatest
}

const isList = (argument: unknown): argument is readonly unknown[] => Array.isArray(argument) && argument.length > 0

const firstItems = (value: readonly unknown[], schemas: unknown): readonly unknown[] =>
  value.slice(0, Array.isArray(schemas) ? schemas.length : 0)

/** Whether `properties` or `patternProperties` beside it speak of a property. */
function nameGrade(name: string, { properties, patternProperties }: JsonObject, walk: SchemaWalk): Grade {
  walk.spend(1)
  if (isObject(properties) && Object.hasOwn(properties, name)) return VALID
  if (!isObject(patternProperties)) return INVALID
  return some(Object.keys(patternProperties), (source) => matches(source, name, walk))
}

function dependent({ argument, value, pointer }: Parameters<Keyword>[0], walk: SchemaWalk): Grade {
  if (!isObject(value)) return VALID
  if (!isObject(argument)) return UNKNOWN
  walk.spend(Object.keys(argument).length)
  return each(
    Object.entries(argument).filter(([name]) => Object.hasOwn(value, name)),
    ([name, wanted]) =>
      Array.isArray(wanted) ? hasAll(wanted, value, walk) : walk.grade(wanted, value, `${pointer}/${escaped(name)}`),
  )
}
