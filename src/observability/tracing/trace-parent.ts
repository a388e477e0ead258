/** What a caller's `traceparent` says. */
export interface TraceParent {
  readonly traceId: string
  readonly parentId: string
  readonly sampled: boolean
}

const SHAPE = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/
const SAMPLED = 1

/**
 * Reads a `traceparent` header. Undefined for anything the W3C recommendation tells to ignore: another shape, upper case, ids of zeros,
 * version `ff`, or more than four fields in version `00`. Later versions are read by the fields of `00`.
 */
export function parseTraceParent(header: string | null): TraceParent | undefined {
  const [, version, traceId, parentId, flags, more] = SHAPE.exec(header?.trim() ?? '') ?? []
  if (version === undefined || traceId === undefined || parentId === undefined || flags === undefined) return undefined
  if (version === 'ff' || (version === '00' && more !== undefined)) return undefined
  if (/^0+$/.test(traceId) || /^0+$/.test(parentId)) return undefined
  return { traceId, parentId, sampled: (Number.parseInt(flags, 16) & SAMPLED) === SAMPLED }
}

export const formatTraceParent = (traceId: string, spanId: string, sampled: boolean): string =>
  `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`

const MOST_MEMBERS = 32
const LONGEST_STATE = 512
const MEMBER =
  /^[a-z0-9][a-z0-9_*/-]{0,240}(@[a-z][a-z0-9_*/-]{0,13})?=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/

/** A `tracestate` header as it may be handed on; undefined when it is none, or larger than everybody has to carry. */
export function parseTraceState(header: string | null): string | undefined {
  if (header === null || header.length > LONGEST_STATE) return undefined
  const members = header
    .split(',')
    .map((member) => member.trim())
    .filter((member) => member !== '')
  if (members.length === 0 || members.length > MOST_MEMBERS || !members.every((member) => MEMBER.test(member))) return undefined
  const keys = new Set(members.map((member) => member.slice(0, member.indexOf('='))))
  return keys.size === members.length ? members.join(',') : undefined
}
