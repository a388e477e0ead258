import fc from 'fast-check'
import { isObject } from '../../../src/ir/json.ts'

/** Where a generator wants a value that occurs nowhere else: a word inside any string, a whole number, a fraction. */
const WORD = '§'
const COUNT = -777
const FRACTION = -0.777

export type Json = Record<string, unknown>
/** `plain` words survive any escaping; `wild` ones hold what breaks careless encoders. */
export type Style = 'plain' | 'wild'

const GARNISH = ['', ' "quoted" \\n', '\u2028 zwölf', '🚀</s>', '\t{"a":[1]}', '\r\n\r\n', "'; --", '漢字 ']

/** Replaces every placeholder by a value of its own, in the order of the body. */
export function sown<Value>(value: Value, style: Style = 'plain'): Value {
  let next = 0
  const word = (): string => {
    const plain = `kw${String(next++).padStart(4, '0')}z`
    return style === 'plain' ? plain : `${plain}${GARNISH[next % GARNISH.length]}`
  }
  const visit = (node: unknown): unknown => {
    if (typeof node === 'string') {
      if (!node.includes(WORD)) return node
      // Words inside JSON text, URLs and ids stay plain, so that the whole stays what it is.
      return node === WORD ? word() : node.replaceAll(WORD, () => `kw${String(next++).padStart(4, '0')}z`)
    }
    if (node === COUNT) return 910_000 + next++
    if (node === FRACTION) return 0.1 + next++ / 10_000
    if (Array.isArray(node)) return node.map(visit)
    if (!isObject(node)) return node
    return Object.fromEntries(Object.keys(node).map((key) => [key, visit(node[key])]))
  }
  return visit(value) as Value
}

export const word = fc.constant(WORD)
export const count = fc.constant(COUNT)
export const fraction = fc.constant(FRACTION)
export const id = (prefix: string): fc.Arbitrary<string> => fc.constant(`${prefix}${WORD}`)

/** An object of which every field may be missing. */
export const optional = (fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<Json> =>
  fc.record(fields, { requiredKeys: [] })

/** An object with these fields, and sometimes those. */
export const shape = (
  required: Record<string, fc.Arbitrary<unknown>>,
  sometimes: Record<string, fc.Arbitrary<unknown>> = {},
): fc.Arbitrary<Json> => fc.tuple(fc.record(required), optional(sometimes)).map(([fixed, more]) => ({ ...fixed, ...more }))

/** A field that no version of the format knows, now and then. */
export const novel: Record<string, fc.Arbitrary<unknown>> = {
  x_novel: fc.option(fc.oneof(word, count, fc.record({ deep: fc.tuple(word, word) })), { nil: undefined, freq: 4 }),
}

/** Drops undefined fields, which JSON has not. */
export const pruned = <Value>(value: Value): Value => JSON.parse(JSON.stringify(value)) as Value

/** JSON text of the arguments of a call. */
export const argumentsJson = fc.constantFrom('{"q":"§"}', '{"q":{"deep":["§","§"]}}', '{}', '{"q":"§","n":12}')
/** JSON Schema of a tool, in the subset that every vendor takes as strict. */
export const schema = fc.constantFrom<Json>(
  { type: 'object', properties: { q: { type: 'string', description: '§' } }, required: ['q'], additionalProperties: false },
  { type: 'object', properties: {}, required: [], additionalProperties: false },
)

/** Tool exchanges of one conversation, with ids that tell them apart (`¤` becomes the place of the exchange). */
export const numbered = (turns: readonly Json[][]): Json[] =>
  turns.flatMap((turn, index) => JSON.parse(JSON.stringify(turn).replaceAll('¤', String(index))) as Json[])
