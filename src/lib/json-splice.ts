import { asBuffer } from './as-buffer.ts'

/**
 * Edits of a JSON object's text without re-serialising it: only the named top-level values change, everything else stays as it is.
 */

/**
 * JSON text to be searched: a string, or UTF-8 bytes (`jsonBytes`). Positions are UTF-16 units or bytes accordingly. Bytes are searched
 * with a native routine that does not stop at every quote: 3 µs for `"model"` in 115 KB, where a string takes 70 to 110.
 */
export interface JsonText {
  readonly length: number
  charCodeAt(index: number): number
  indexOf(text: string, from?: number): number
  slice(start: number, end: number): string
}

/** UTF-8 bytes as searchable text, without decoding them. */
export const jsonBytes = (bytes: Uint8Array): JsonText => new JsonBytes(asBuffer(bytes))

/** What is searched for are a few names of this code. As bytes they are found in a quarter of the time. */
const needles = new Map<string, Buffer>()

class JsonBytes implements JsonText {
  readonly length: number
  private readonly buffer: Buffer

  constructor(buffer: Buffer) {
    this.buffer = buffer
    this.length = buffer.length
  }

  charCodeAt(index: number): number {
    return this.buffer[index] ?? Number.NaN
  }

  indexOf(text: string, from?: number): number {
    let needle = needles.get(text)
    if (needle === undefined) needles.set(text, (needle = Buffer.from(text)))
    return this.buffer.indexOf(needle, from)
  }

  slice(start: number, end: number): string {
    return this.buffer.toString('utf8', start, end)
  }
}

/** Where a top-level value stands: `[start, end)`. */
export interface ValueSpan {
  readonly name: string
  readonly start: number
  readonly end: number
}

/** Replaces `[start, end)` by `text`; `start === end` inserts. */
export interface Splice {
  readonly start: number
  readonly end: number
  readonly text: string
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const COLON = 0x3a
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d

/**
 * Spans of all top-level members called one of `names`, duplicates included, in order of appearance. The text must be a valid JSON
 * object. Strings are jumped over with a native search, so that the cost follows the structure and not the prose.
 */
export function topLevelValues(json: JsonText, names: readonly string[]): ValueSpan[] {
  const spans: ValueSpan[] = []
  let index = json.indexOf('{') + 1
  let depth = 1
  let name: string | undefined
  let expectsKey = true
  let valueStart = -1
  const { length } = json
  while (index < length) {
    const code = json.charCodeAt(index)
    if (code === QUOTE) {
      const end = stringEnd(json, index)
      if (depth === 1 && expectsKey) {
        name = wanted(json.slice(index, end), names)
        expectsKey = false
      } else if (valueStart === -1 && depth === 1) valueStart = index
      index = end
      continue
    }
    if (code === COLON && depth === 1) valueStart = -1
    else if ((code === COMMA || code === CLOSE_BRACE) && depth === 1) {
      if (name !== undefined && valueStart !== -1) spans.push({ name, start: valueStart, end: trimmedEnd(json, index) })
      name = undefined
      expectsKey = true
      valueStart = -1
      if (code === CLOSE_BRACE) break
    } else if (code > 0x20) {
      if (depth === 1 && valueStart === -1) valueStart = index
      if (code === OPEN_BRACE || code === OPEN_BRACKET) depth++
      else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) depth--
    }
    index++
  }
  return spans
}

/** Index behind the closing quote of the string that starts at `start`. */
function stringEnd(json: JsonText, start: number): number {
  let end = json.indexOf('"', start + 1)
  while (end !== -1) {
    let backslashes = 0
    while (json.charCodeAt(end - 1 - backslashes) === BACKSLASH) backslashes++
    if (backslashes % 2 === 0) return end + 1
    end = json.indexOf('"', end + 1)
  }
  return json.length
}

/** `literal` is a key with its quotes. */
function wanted(literal: string, names: readonly string[]): string | undefined {
  const key: unknown = literal.includes('\\') ? JSON.parse(literal) : literal.slice(1, -1)
  return typeof key === 'string' && names.includes(key) ? key : undefined
}

function trimmedEnd(json: JsonText, end: number): number {
  let trimmed = end
  while (json.charCodeAt(trimmed - 1) <= 0x20) trimmed--
  return trimmed
}

/** `\u006` begins the escape of every letter of "model": only a key written with escapes can hide from a search. */
const ESCAPED_LETTER = '\\u006'

/**
 * Spans of every top-level `model`. It is written first and once by nearly everyone, which a native search can tell without walking
 * the text; everything else takes the full walk.
 */
export function modelValues(json: JsonText): ValueSpan[] {
  const key = json.indexOf('"model"')
  const isFirstKey = key !== -1 && key <= 8 && (key === 1 || /^\s*\{\s*$/.test(json.slice(0, key)))
  if (!isFirstKey || json.indexOf('"model"', key + 7) !== -1 || json.indexOf(ESCAPED_LETTER, key) !== -1)
    return topLevelValues(json, ['model'])
  const start = json.indexOf('"', key + 7)
  return [{ name: 'model', start, end: stringEnd(json, start) }]
}

/** The text with the splices applied. Splices must be in order and must not overlap. */
export function spliceText(text: string, splices: readonly Splice[]): string {
  let result = ''
  let position = 0
  for (const splice of splices) {
    result += text.slice(position, splice.start) + splice.text
    position = splice.end
  }
  return result + text.slice(position)
}

/** As `spliceText`, for bytes; pieces, so that large bodies are not copied. */
export function spliceBytes(bytes: Uint8Array, splices: readonly Splice[]): Uint8Array[] {
  const pieces: Uint8Array[] = []
  let position = 0
  for (const splice of splices) {
    if (splice.start > position) pieces.push(bytes.subarray(position, splice.start))
    if (splice.text !== '') pieces.push(Buffer.from(splice.text))
    position = splice.end
  }
  if (position < bytes.length) pieces.push(bytes.subarray(position))
  return pieces
}
