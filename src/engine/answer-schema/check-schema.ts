import { isObject } from '../../ir/json.ts'
import type { CompilePattern, LinearPattern } from '../../lib/linear-pattern.ts'
import { INVALID, UNKNOWN, VALID, type Grade, type Keyword, type SchemaWalk } from './grade.ts'
import { escaped, NESTING_KEYWORDS } from './nesting-keywords.ts'
import { CHARACTERS_A_STEP, VALUE_KEYWORDS } from './value-keywords.ts'

/** What a value makes of a schema. Pointers are JSON pointers of keywords in the schema. */
export type SchemaVerdict =
  | { readonly kind: 'valid' }
  /** The first few keywords that do not hold. */
  | { readonly kind: 'invalid'; readonly keywords: readonly string[] }
  /** Something stands there that is not checked. */
  | { readonly kind: 'unknown'; readonly keyword: string }
  /** It takes more work than one answer is worth. */
  | { readonly kind: 'costly' }

/** About 0.2 s at most. A keyword beside a value is one step. */
const MOST_STEPS = 100_000
const STEPS_OF_A_PATTERN = 5_000
const MOST_DEPTH = 100
const MOST_TOLD = 5

/**
 * Checks a value by a JSON Schema (draft 2020-12, with the older spellings of it). Schemas come from strangers: the work has a limit, nothing
 * is compiled to code, and patterns take linear time. Schemas elsewhere are not fetched.
 */
export function checkSchema(schema: unknown, value: unknown, compile: CompilePattern): SchemaVerdict {
  const walk = new Walk(schema, compile)
  try {
    const grade = walk.grade(schema, value, '')
    if (grade === VALID) return { kind: 'valid' }
    return grade === UNKNOWN ? { kind: 'unknown', keyword: walk.unknownAt } : { kind: 'invalid', keywords: walk.failures }
  } catch (error) {
    if (error instanceof WorkLimit) return { kind: 'costly' }
    throw error
  }
}

class WorkLimit extends Error {}

const KEYWORDS: ReadonlyMap<string, Keyword> = new Map(Object.entries({ ...VALUE_KEYWORDS, ...NESTING_KEYWORDS }))

class Walk implements SchemaWalk {
  readonly failures: string[] = []
  unknownAt = ''
  private readonly root: unknown
  private readonly compile: CompilePattern
  private readonly patterns = new Map<string, LinearPattern | undefined>()
  private steps = MOST_STEPS
  private depth = 0
  /** Alternatives around the place at hand: what fails there fails nothing yet. */
  private alternatives = 0
  /** Schemas with an `$id` of their own around the place at hand: references in them begin there, and are left open. */
  private embedded = 0

  constructor(root: unknown, compile: CompilePattern) {
    this.root = root
    this.compile = compile
  }

  grade(schema: unknown, value: unknown, pointer: string): Grade {
    this.spend(1)
    if (schema === true) return VALID
    if (schema === false) return this.told(INVALID, pointer, this.failures.length)
    if (!isObject(schema)) return this.told(UNKNOWN, pointer, this.failures.length)
    if (++this.depth > MOST_DEPTH) throw new WorkLimit()
    const isEmbedded = schema !== this.root && isResource(schema)
    if (isEmbedded) this.embedded++
    let least: Grade = VALID
    for (const name of Object.keys(schema)) {
      this.spend(1)
      const keyword = KEYWORDS.get(name)
      if (keyword === undefined) continue
      const place = { schema, argument: schema[name], value, pointer: `${pointer}/${escaped(name)}` }
      const told = this.failures.length
      const own = this.told(keyword(place, this), place.pointer, told)
      if (own < least) least = own
      if (least === INVALID && this.alternatives > 0) break
    }
    this.depth--
    if (isEmbedded) this.embedded--
    return least
  }

  try(schema: unknown, value: unknown, pointer: string): Grade {
    this.alternatives++
    const grade = this.grade(schema, value, pointer)
    this.alternatives--
    return grade
  }

  resolve(reference: string): { readonly schema: unknown } | undefined {
    this.spend(reference.length / CHARACTERS_A_STEP)
    if (this.embedded > 0 || (reference !== '#' && !reference.startsWith('#/'))) return undefined
    let schema: unknown = this.root
    for (const part of reference.split('/').slice(1)) {
      if (schema !== this.root && isResource(schema)) return undefined
      const name = decoded(part)
      const isThere = (isObject(schema) || Array.isArray(schema)) && name !== undefined && Object.hasOwn(schema, name)
      if (!isThere) return undefined
      schema = (schema as Readonly<Record<string, unknown>>)[name]
    }
    return { schema }
  }

  pattern(source: string): LinearPattern | undefined {
    if (!this.patterns.has(source)) {
      this.spend(STEPS_OF_A_PATTERN)
      this.patterns.set(source, this.compile(source))
    }
    return this.patterns.get(source)
  }

  spend(steps: number): void {
    this.steps -= steps
    if (this.steps < 0) throw new WorkLimit()
  }

  /** Notes where a grade comes from, unless something below has said so already: `told` failures were known before. */
  private told(grade: Grade, pointer: string, told: number): Grade {
    if (grade === UNKNOWN && this.unknownAt === '') this.unknownAt = pointer
    const isNew = grade === INVALID && this.alternatives === 0 && this.failures.length === told
    if (isNew && told < MOST_TOLD) this.failures.push(pointer)
    return grade
  }
}

const isResource = (schema: unknown): boolean => isObject(schema) && typeof schema['$id'] === 'string'

/** A part of a pointer that stands in an address; undefined where it is written wrong. */
function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~')
  } catch {
    return undefined
  }
}
