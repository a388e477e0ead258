import { jsonBytes, spliceBytes, topLevelValues, type Splice } from './json-splice.ts'

const COMMA = 0x2c

/**
 * A JSON object's bytes without the top-level members of these names; everything else stays as it is. The text must be a valid JSON
 * object.
 */
export function withoutMembers(bytes: Uint8Array, names: readonly string[]): Uint8Array {
  const members = topLevelValues(jsonBytes(bytes), names)
  if (members.length === 0) return bytes
  const splices: Splice[] = []
  for (const { start, end } of members) cut(bytes, start, end, splices)
  const pieces = spliceBytes(bytes, splices)
  const [only] = pieces
  return pieces.length === 1 && only !== undefined ? only : Buffer.concat(pieces)
}

/**
 * Takes out the member around a value: from its key, with the comma that follows it. Nothing follows the last member, so there the comma
 * before it goes, and with it the members before that are taken out anyway.
 */
function cut(bytes: Uint8Array, valueStart: number, valueEnd: number, splices: Splice[]): void {
  const keyEnd = backOverSpace(bytes, backOverSpace(bytes, valueStart))
  // A key holds no plain quote, so the one before its last is where it begins.
  const start = bytes.lastIndexOf(0x22, keyEnd - 1)
  const next = overSpace(bytes, valueEnd)
  if (bytes[next] === COMMA) {
    splices.push({ start, end: next + 1, text: '' })
    return
  }
  let first = start
  for (let last = splices.at(-1); last !== undefined && overSpace(bytes, last.end) === first; last = splices.at(-1)) {
    first = last.start
    splices.pop()
  }
  const before = backOverSpace(bytes, first)
  splices.push({ start: bytes[before] === COMMA ? before : first, end: valueEnd, text: '' })
}

/** Position of the last byte before `position` that is no white space. */
function backOverSpace(bytes: Uint8Array, position: number): number {
  let index = position - 1
  while (isSpace(bytes[index])) index--
  return index
}

function overSpace(bytes: Uint8Array, position: number): number {
  let index = position
  while (isSpace(bytes[index])) index++
  return index
}

const isSpace = (byte: number | undefined): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
