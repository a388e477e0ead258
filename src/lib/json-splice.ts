/**
 * Edits of a JSON object's text without re-serialising it: only the named top-level values change, every other byte stays.
 */

/** Byte range of a top-level value: `[start, end)`. */
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
 * Spans of all top-level members called one of `names`, duplicates included, in order of appearance. The bytes must be a valid JSON
 * object. Strings are jumped over with a native search, so that the cost follows the structure and not the prose.
 */
export function topLevelValues(bytes: Uint8Array, names: readonly string[]): ValueSpan[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const spans: ValueSpan[] = []
  let index = buffer.indexOf(OPEN_BRACE) + 1
  let depth = 1
  let name: string | undefined
  let expectsKey = true
  let valueStart = -1
  const { length } = buffer
  while (index < length) {
    const byte = buffer[index]!
    if (byte === QUOTE) {
      const end = stringEnd(buffer, index)
      if (depth === 1 && expectsKey) {
        name = wanted(buffer, index, end, names)
        expectsKey = false
      } else if (valueStart === -1 && depth === 1) valueStart = index
      index = end
      continue
    }
    if (byte === COLON && depth === 1) valueStart = -1
    else if ((byte === COMMA && depth === 1) || (byte === CLOSE_BRACE && depth === 1)) {
      if (name !== undefined && valueStart !== -1) spans.push({ name, start: valueStart, end: trimmedEnd(buffer, index) })
      name = undefined
      expectsKey = true
      valueStart = -1
      if (byte === CLOSE_BRACE) break
    } else if (byte > 0x20) {
      if (depth === 1 && valueStart === -1) valueStart = index
      if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++
      else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth--
    }
    index++
  }
  return spans
}

/** Index behind the closing quote of the string that starts at `start`. */
function stringEnd(buffer: Buffer, start: number): number {
  let end = buffer.indexOf(QUOTE, start + 1)
  while (end !== -1) {
    let backslashes = 0
    while (buffer[end - 1 - backslashes] === BACKSLASH) backslashes++
    if (backslashes % 2 === 0) return end + 1
    end = buffer.indexOf(QUOTE, end + 1)
  }
  return buffer.length
}

function wanted(buffer: Buffer, start: number, end: number, names: readonly string[]): string | undefined {
  const raw = buffer.toString('latin1', start + 1, end - 1)
  if (!raw.includes('\\')) return names.includes(raw) ? raw : undefined
  const decoded: unknown = JSON.parse(buffer.toString('utf8', start, end))
  return typeof decoded === 'string' && names.includes(decoded) ? decoded : undefined
}

function trimmedEnd(buffer: Buffer, end: number): number {
  let trimmed = end
  while (buffer[trimmed - 1]! <= 0x20) trimmed--
  return trimmed
}

const MODEL_KEY = Buffer.from('"model"')
/** `\u006` begins the escape of every letter of "model": only a key written with escapes can hide from a byte search. */
const ESCAPED_LETTER = Buffer.from('\\u006')

/**
 * Spans of every top-level `model`. Clients write it first and once, which a native search can tell without walking the body;
 * everything else takes the full walk.
 */
export function modelValues(bytes: Uint8Array): ValueSpan[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const key = buffer.indexOf(MODEL_KEY)
  const isFirstKey = key !== -1 && key <= 8 && /^\s*\{\s*$/.test(buffer.toString('latin1', 0, key))
  if (!isFirstKey || buffer.indexOf(MODEL_KEY, key + 7) !== -1 || buffer.indexOf(ESCAPED_LETTER) !== -1) return topLevelValues(bytes, ['model'])
  const start = buffer.indexOf(QUOTE, key + 7)
  return [{ name: 'model', start, end: stringEnd(buffer, start) }]
}

/** The bytes with the splices applied. Splices must be in order and must not overlap. */
export function applySplices(bytes: Uint8Array, splices: readonly Splice[]): Uint8Array[] {
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
