/**
 * Limits on the shape of JSON that a stranger sent. Small bodies are parsed first and walked afterwards, which is cheapest; large ones
 * are scanned before parsing, so that a body of nothing but brackets never becomes a million objects.
 */

export interface JsonLimits {
  /** Most containers inside each other; a flat object has depth 1. */
  readonly maxDepth: number
  /** Most values, containers and scalars together. */
  readonly maxNodes: number
}

/** Which limit was exceeded. */
export type JsonBreach = 'depth' | 'nodes'

/** The limit a parsed value exceeds, if any. Recursion never goes deeper than `maxDepth`. */
export function breachOfValue(value: unknown, limits: JsonLimits): JsonBreach | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const count = { nodes: 1 }
  return breachBelow(value, 1, limits, count) ?? (count.nodes > limits.maxNodes ? 'nodes' : undefined)
}

function breachBelow(container: object, depth: number, limits: JsonLimits, count: { nodes: number }): JsonBreach | undefined {
  if (depth > limits.maxDepth) return 'depth'
  if (Array.isArray(container)) {
    count.nodes += container.length
    for (const value of container as unknown[]) {
      if (typeof value !== 'object' || value === null) continue
      const breach = breachBelow(value, depth + 1, limits, count)
      if (breach !== undefined) return breach
    }
    return undefined
  }
  const members = container as Record<string, unknown>
  // Parsed JSON has no inherited enumerable members, so `for … in` sees own ones only and allocates no list of keys.
  for (const name in members) {
    count.nodes++
    const value = members[name]
    if (typeof value !== 'object' || value === null) continue
    const breach = breachBelow(value, depth + 1, limits, count)
    if (breach !== undefined) return breach
  }
  return undefined
}

/** Byte range of a string's content: `[start, end)` without the quotes. */
export interface StringSpan {
  readonly start: number
  readonly end: number
}

export interface JsonScan {
  readonly breach: JsonBreach | undefined
  /** String values (not keys) of at least the asked length, in order of appearance. */
  readonly longStrings: StringSpan[]
}

const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const OPEN_BRACKET = 0x5b
const BACKSLASH = 0x5c
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
/** After this many bytes of a string a native search looks for its end: short strings are cheaper to step through. */
const STEPS_BEFORE_SEARCH = 16

/**
 * Looks at the structure of JSON text without parsing it: depth, an upper bound of the number of values, and where long strings stand.
 * Linear in the text whatever it holds. Text that is no JSON is not noticed; the parser says so later.
 */
export function scanJson(bytes: Uint8Array, limits: JsonLimits, longStringLength: number): JsonScan {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const { length } = buffer
  const longStrings: StringSpan[] = []
  let depth = 0
  let nodes = 1
  let index = 0
  while (index < length) {
    const byte = buffer[index]!
    if (byte === QUOTE) {
      const start = index + 1
      index = stringEnd(buffer, start)
      const end = index - 1
      if (end - start >= longStringLength && !isKey(buffer, index)) longStrings.push({ start, end })
      continue
    }
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      nodes++
      if (++depth > limits.maxDepth) return { breach: 'depth', longStrings }
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth--
    else if (byte === COMMA && ++nodes > limits.maxNodes) return { breach: 'nodes', longStrings }
    index++
  }
  return { breach: nodes > limits.maxNodes ? 'nodes' : undefined, longStrings }
}

/** Index behind the closing quote of the string whose content starts at `start`; the length of the text plus one when it never closes. */
function stringEnd(buffer: Buffer, start: number): number {
  const { length } = buffer
  let index = start
  for (;;) {
    const stepped = Math.min(index + STEPS_BEFORE_SEARCH, length)
    while (index < stepped) {
      const byte = buffer[index]!
      if (byte === QUOTE) return index + 1
      index += byte === BACKSLASH ? 2 : 1
    }
    const quote = index < length ? buffer.indexOf(QUOTE, index) : -1
    if (quote === -1) return length + 1
    let backslashes = 0
    while (quote - 1 - backslashes >= index && buffer[quote - 1 - backslashes] === BACKSLASH) backslashes++
    if (backslashes % 2 === 0) return quote + 1
    index = quote + 1
  }
}

/** Whether a colon follows, white space aside. */
function isKey(buffer: Buffer, behind: number): boolean {
  let index = behind
  while (index < buffer.length && buffer[index]! <= 0x20) index++
  return buffer[index] === COLON
}
