import { jsonBytes, spliceBytes, topLevelValues } from './json-splice.ts'

const COMMA = 0x2c

/**
 * A JSON object's bytes without the top-level members of a name; everything else stays as it is. The text must be a valid JSON object.
 */
export function withoutMember(bytes: Uint8Array, name: string): Uint8Array {
  let rest = bytes
  for (;;) {
    const [member] = topLevelValues(jsonBytes(rest), [name])
    if (member === undefined) return rest
    rest = Buffer.concat(spliceBytes(rest, [{ ...around(rest, member.start, member.end), text: '' }]))
  }
}

/** The member around a value: from its key, with the comma that follows it or, for the last member, the one before. */
function around(bytes: Uint8Array, valueStart: number, valueEnd: number): { start: number; end: number } {
  const colon = backOverSpace(bytes, valueStart)
  const keyEnd = backOverSpace(bytes, colon)
  // A key holds no plain quote, so the one before its last is where it begins.
  const start = bytes.lastIndexOf(0x22, keyEnd - 1)
  const next = overSpace(bytes, valueEnd)
  if (bytes[next] === COMMA) return { start, end: next + 1 }
  const before = backOverSpace(bytes, start)
  return { start: bytes[before] === COMMA ? before : start, end: valueEnd }
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
