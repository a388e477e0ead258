import type { JsonObject } from '../../ir/json.ts'
import type { LinearPattern } from '../../lib/linear-pattern.ts'

/** How a value stands to a schema. Of several grades that must all hold the least counts, of alternatives the greatest. */
export const INVALID = 0
/** Something stands there that is not checked. */
export const UNKNOWN = 1
export const VALID = 2
export type Grade = typeof INVALID | typeof UNKNOWN | typeof VALID

export const gradeOf = (holds: boolean): Grade => (holds ? VALID : INVALID)
export const opposite = (grade: Grade): Grade => (grade === UNKNOWN ? UNKNOWN : gradeOf(grade === INVALID))

/** One keyword of a schema, beside a value. */
export interface KeywordPlace {
  readonly schema: JsonObject
  /** What stands behind the keyword. */
  readonly argument: unknown
  readonly value: unknown
  /** JSON pointer of the keyword in the schema. */
  readonly pointer: string
}

/** What keywords need of the walk that they are part of. */
export interface SchemaWalk {
  /** Grade of a value by a schema that lies at this pointer. */
  grade(schema: unknown, value: unknown, pointer: string): Grade
  /** The same of an alternative, whose failure is none of the whole. */
  try(schema: unknown, value: unknown, pointer: string): Grade
  /** What a reference within the schema names; undefined where it leads nowhere, or out of it. */
  resolve(reference: string): { readonly schema: unknown } | undefined
  pattern(source: string): LinearPattern | undefined
  /** Takes steps from what the whole check may cost. Throws when nothing is left. */
  spend(steps: number): void
}

/** Grade of a value by one keyword; a keyword about values of another type holds. */
export type Keyword = (place: KeywordPlace, walk: SchemaWalk) => Grade
