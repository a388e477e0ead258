import { isObject, type JsonObject } from '../ir/json.ts'
import { annotated, escaped, setMember } from './schema-notes.ts'
import { mergedBranches, resolved } from './schema-references.ts'

/**
 * Which part of JSON Schema a vendor takes, as data. Whatever stands in no list is dropped and told in the description, where a model
 * still reads it.
 */
export interface SchemaTable {
  /** Sent as they are, with what is below them. */
  readonly keywords: ReadonlySet<string>
  /** Dropped without a word to the model: they say nothing about values. Keywords that begin with `x-` are among them. */
  readonly annotations: ReadonlySet<string>
  /** Values of `format` by type; a type that is not listed takes none. */
  readonly formats: Readonly<Record<string, ReadonlySet<string>>>
  /** Several types in one place: as they are, or as `nullable` and `anyOf`. */
  readonly typeLists: 'kept' | 'nullable'
  /** Values of `enum`: of these types, or all of them written as strings. */
  readonly enumValues: ReadonlySet<string> | 'strings'
  /** A `$ref` may stand alone, or is replaced by what it names. */
  readonly references: 'alone' | 'inlined'
}

/** How a keyword fared: another keyword says the same, the description says it, or nobody does because it says nothing of values. */
export type SchemaChangeKind = 'reshaped' | 'described' | 'dropped'

/** Told of every change, with the JSON pointer of the keyword in the schema. */
export type OnSchemaChange = (pointer: string, kind: SchemaChangeKind) => void

/** Below this the schema is a mistake or an attack; what is deeper is left out. */
const MAX_DEPTH = 100
/** References that name references grow without end when all are written out: behind so much text they stay what circles are. */
const MAX_INLINED_CHARS = 1_000_000

/** Fits a schema to what a vendor takes. One that fits comes back as the same object; nothing of the given one is changed. */
export function fitSchema(schema: JsonObject, table: SchemaTable, changed: OnSchemaChange): JsonObject {
  return new SchemaFitter(schema, table, changed).fit(schema, '', 0)
}

const LISTS_OF_SCHEMAS = new Set(['anyOf', 'oneOf', 'allOf', 'prefixItems'])
const NAMED_SCHEMAS = new Set(['properties', '$defs'])

class SchemaFitter {
  private readonly root: JsonObject
  private readonly table: SchemaTable
  private readonly changed: OnSchemaChange
  /** References that stand written out around the place at hand: one of them again is a circle. */
  private readonly following = new Set<string>()
  private inlinedChars = 0
  /** Length of what references name. */
  private readonly lengths = new Map<string, number>()

  constructor(root: JsonObject, table: SchemaTable, changed: OnSchemaChange) {
    this.root = root
    this.table = table
    this.changed = changed
  }

  fit(schema: JsonObject, pointer: string, depth: number): JsonObject {
    if (depth > MAX_DEPTH) {
      this.changed(pointer, 'described')
      return {}
    }
    const reference = schema['$ref']
    if (typeof reference === 'string' && this.table.references === 'inlined')
      return this.inline(schema, reference, pointer, depth)
    const followed = this.following.size
    const notes: JsonObject = {}
    const reshaped = this.reshape(schema, pointer)
    const fitted: JsonObject = {}
    let isSame = reshaped === schema
    for (const key of Object.keys(reshaped)) {
      const value = reshaped[key]
      const kept = this.keyword(key, reshaped, { pointer, depth, notes })
      if (kept === undefined) isSame = false
      else {
        if (kept !== value) isSame = false
        setMember(fitted, key, kept)
      }
    }
    this.cutTo(followed)
    return isSame ? schema : annotated(fitted, notes)
  }

  /** The value under which a keyword is sent; undefined when it is not. */
  private keyword(key: string, schema: JsonObject, at: Place): unknown {
    const value = schema[key]
    const pointer = `${at.pointer}/${escaped(key)}`
    if (!this.takes(key, value, schema)) {
      const isAnnotation = this.table.annotations.has(key) || key.startsWith('x-')
      if (!isAnnotation) setMember(at.notes, key, value)
      this.changed(pointer, isAnnotation ? 'dropped' : 'described')
      return undefined
    }
    if (NAMED_SCHEMAS.has(key)) return isObject(value) ? this.named(value, pointer, at.depth) : value
    if (LISTS_OF_SCHEMAS.has(key)) return Array.isArray(value) ? this.list(value, pointer, at.depth) : value
    if (key === 'items' || key === 'additionalProperties') return isObject(value) ? this.fit(value, pointer, at.depth + 1) : value
    return value
  }

  private takes(key: string, value: unknown, schema: JsonObject): boolean {
    if (!this.table.keywords.has(key)) return false
    if (key === 'format') return this.takesFormat(value, schema['type'])
    return key !== '$ref' || (typeof value === 'string' && value.startsWith('#/$defs/'))
  }

  private takesFormat(format: unknown, type: unknown): boolean {
    const types = Array.isArray(type) ? (type as unknown[]) : [type]
    return types.some((name) => typeof name === 'string' && this.table.formats[name]?.has(String(format)) === true)
  }

  private named(schemas: JsonObject, pointer: string, depth: number): JsonObject {
    const fitted: JsonObject = {}
    let isSame = true
    for (const name of Object.keys(schemas)) {
      const schema = schemas[name]
      const kept = isObject(schema) ? this.fit(schema, `${pointer}/${escaped(name)}`, depth + 1) : schema
      if (kept !== schema) isSame = false
      setMember(fitted, name, kept)
    }
    return isSame ? schemas : fitted
  }

  private list(schemas: unknown[], pointer: string, depth: number): unknown[] {
    const fitted = schemas.map((schema, index) =>
      isObject(schema) ? this.fit(schema, `${pointer}/${index}`, depth + 1) : schema,
    )
    return fitted.every((schema, index) => schema === schemas[index]) ? schemas : fitted
  }

  /** What other keywords can say as well. */
  private reshape(schema: JsonObject, pointer: string): JsonObject {
    const { keywords } = this.table
    let shape = schema
    const replace = (key: string, make: (rest: JsonObject, value: unknown) => JsonObject): void => {
      if (shape[key] === undefined || keywords.has(key)) return
      const { [key]: value, ...rest } = shape
      const made = make(rest, value)
      if (made === shape) return
      this.changed(`${pointer}/${escaped(key)}`, 'reshaped')
      shape = made
    }
    replace('definitions', (rest, value) => (keywords.has('$defs') ? { ...rest, $defs: value } : rest))
    replace('allOf', (rest, value) => (Array.isArray(value) ? mergedBranches(rest, value, this.follow) : shape))
    replace('oneOf', (rest, value) => (rest['anyOf'] === undefined && keywords.has('anyOf') ? { ...rest, anyOf: value } : shape))
    replace('const', (rest, value) => (rest['enum'] === undefined ? { ...rest, enum: [value] } : shape))
    replace('exclusiveMinimum', (rest, value) => wholeBound(shape, rest, 'minimum', value))
    replace('exclusiveMaximum', (rest, value) => wholeBound(shape, rest, 'maximum', value))
    shape = this.reshapeReference(shape, pointer)
    shape = this.reshapeEnum(shape, pointer)
    shape = this.reshapeRequired(shape, pointer)
    return this.table.typeLists === 'kept' ? shape : this.reshapeTypes(shape, pointer)
  }

  /** Beside a reference nothing may stand, so it moves into a union of one. */
  private reshapeReference(schema: JsonObject, pointer: string): JsonObject {
    const { $ref, ...rest } = schema
    if (typeof $ref !== 'string') return schema
    const reference = $ref.startsWith('#/definitions/') ? `#/$defs/${$ref.slice('#/definitions/'.length)}` : $ref
    const isAlone = Object.keys(rest).every((key) => key.startsWith('$'))
    if (reference === $ref && isAlone) return schema
    if (rest['anyOf'] !== undefined) return schema
    this.changed(`${pointer}/$ref`, 'reshaped')
    return isAlone ? { ...rest, $ref: reference } : { ...rest, anyOf: [{ $ref: reference }] }
  }

  private reshapeEnum(schema: JsonObject, pointer: string): JsonObject {
    const values = schema['enum']
    const { enumValues } = this.table
    if (!Array.isArray(values)) return schema
    const listed = values as unknown[]
    const fits = listed.every((value) => (enumValues === 'strings' ? typeof value === 'string' : enumValues.has(typeof value)))
    if (fits) return schema
    this.changed(`${pointer}/enum`, 'reshaped')
    const { enum: _values, ...rest } = schema
    const shown = listed.filter((value) => value !== null)
    const typed: JsonObject = shown.length === listed.length ? rest : { ...rest, type: withNull(rest['type'], shown) }
    if (enumValues === 'strings') return { type: 'string', ...typed, enum: shown.map(asText) }
    if (shown.every((value) => enumValues.has(typeof value))) return { ...typed, enum: shown }
    return annotated({ ...typed, ...(typed['type'] === undefined ? typeOf(shown) : {}) }, { enum: listed })
  }

  /** Names of properties that are not there are refused. */
  private reshapeRequired(schema: JsonObject, pointer: string): JsonObject {
    const { required, properties } = schema
    if (!Array.isArray(required)) return schema
    const known = isObject(properties) ? properties : {}
    const defined = (required as unknown[]).filter((name) => typeof name === 'string' && Object.hasOwn(known, name))
    if (defined.length === required.length) return schema
    this.changed(`${pointer}/required`, 'described')
    const { required: _required, ...rest } = schema
    const kept = defined.length > 0 ? { ...rest, required: defined } : rest
    return annotated(kept, { required })
  }

  private reshapeTypes(schema: JsonObject, pointer: string): JsonObject {
    const { type } = schema
    if (!Array.isArray(type)) return schema
    this.changed(`${pointer}/type`, 'reshaped')
    const { type: _type, ...rest } = schema
    const names = (type as unknown[]).filter((name) => name !== 'null')
    const nullable = names.length < type.length ? { nullable: true } : {}
    if (names.length === 1) return { type: names[0], ...rest, ...nullable }
    return rest['anyOf'] === undefined
      ? { ...rest, anyOf: names.map((name) => ({ type: name })), ...nullable }
      : { ...rest, ...nullable }
  }

  /** What a reference names, in its place. A circle ends as any object. */
  private inline(schema: JsonObject, reference: string, pointer: string, depth: number): JsonObject {
    const { $ref: _reference, ...rest } = schema
    const followed = this.following.size
    const target = this.follow(reference)
    this.changed(`${pointer}/$ref`, target === undefined ? 'described' : 'reshaped')
    if (target === undefined) return this.fit(annotated({ type: 'object', ...rest }, { $ref: reference }), pointer, depth + 1)
    const fitted = this.fit({ ...target, ...rest }, pointer, depth + 1)
    this.cutTo(followed)
    return fitted
  }

  /** What a reference names, to be written out around everything that is fitted until the list is cut again. */
  private readonly follow = (reference: string): JsonObject | undefined => {
    const isEndless = this.following.has(reference) || this.inlinedChars > MAX_INLINED_CHARS
    const target = isEndless ? undefined : resolved(reference, this.root)
    if (target === undefined) return undefined
    this.following.add(reference)
    this.inlinedChars += this.lengthOf(reference, target)
    return target
  }

  private lengthOf(reference: string, target: JsonObject): number {
    const known = this.lengths.get(reference)
    if (known !== undefined) return known
    const length = JSON.stringify(target).length
    this.lengths.set(reference, length)
    return length
  }

  /** What was followed since the set had so many members is not around the next place. */
  private cutTo(count: number): void {
    let index = 0
    if (this.following.size > count)
      for (const reference of this.following) if (index++ >= count) this.following.delete(reference)
  }
}

interface Place {
  readonly pointer: string
  readonly depth: number
  /** Keywords that go into the description. */
  readonly notes: JsonObject
}

/** An exclusive bound of whole numbers is an inclusive one beside it. */
function wholeBound(schema: JsonObject, rest: JsonObject, key: 'minimum' | 'maximum', value: unknown): JsonObject {
  if (schema['type'] !== 'integer' || !Number.isInteger(value) || rest[key] !== undefined) return schema
  return { ...rest, [key]: Number(value) + (key === 'minimum' ? 1 : -1) }
}

function withNull(type: unknown, values: readonly unknown[]): unknown {
  const given = type ?? typeOf(values).type
  const names = Array.isArray(given) ? (given as unknown[]) : given === undefined ? [] : [given]
  return names.includes('null') ? names : [...names, 'null']
}

/** The one type that all values have. */
function typeOf(values: readonly unknown[]): { readonly type?: string } {
  const names = new Set(values.map((value) => typeof value))
  const [only] = names
  return names.size === 1 && (only === 'string' || only === 'number' || only === 'boolean') ? { type: only } : {}
}

const asText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))
