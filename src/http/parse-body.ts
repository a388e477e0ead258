import { GatewayError } from '../errors/gateway-error.ts'
import { jsonErrorPosition } from '../lib/json-error-position.ts'
import { breachOfValue, scanJson, type JsonBreach, type JsonLimits } from '../lib/json-limits.ts'
import { cutMedia, LONG_STRING_BYTES, type CutText } from '../lib/large-json.ts'
import type { RequestBody } from '../engine/engine.ts'

/** A body in its two forms: parsed for the codecs, bytes for whoever passes it on. */
export interface ParsedBody {
  readonly value: unknown
  readonly body: RequestBody
}

/** From here on the structure is checked before parsing, which costs more for ordinary bodies and less for hostile ones. */
const SCAN_FIRST_BYTES = 256 * 1024
/** From here on inline media is cut out before parsing. */
const CUT_MEDIA_BYTES = 1024 * 1024

const NO_BLOBS: ReadonlyMap<string, Uint8Array> = new Map()
/** Stateless when not streaming, so all bodies share it. Strips a byte order mark. */
const UTF8 = new TextDecoder('utf-8', { fatal: true })

/**
 * Parses a body within limits. Throws `invalid_json` with the place of the fault, and never with what stands there. `createNonce` gives
 * 32 characters nobody can guess.
 */
export function parseBody(received: Uint8Array, limits: JsonLimits, createNonce: () => string): ParsedBody {
  const bytes = withoutByteOrderMark(received)
  if (bytes.length < SCAN_FIRST_BYTES) {
    const text = decoded(() => UTF8.decode(bytes))
    const value = parse(text)
    refuseBreach(breachOfValue(value, limits), limits)
    return { value, body: { bytes, text: isSmallAscii(text, bytes) ? text : undefined, blobs: NO_BLOBS } }
  }
  const scan = scanJson(bytes, limits, bytes.length < CUT_MEDIA_BYTES ? Infinity : LONG_STRING_BYTES)
  refuseBreach(scan.breach, limits)
  const { text, blobs } = decoded((): CutText => cutMedia(bytes, scan.longStrings, createNonce()))
  return { value: parse(text, bytes), body: { bytes, blobs } }
}

/** What nobody can guess, for `parseBody`. */
export const createNonce = (): string => crypto.randomUUID().replaceAll('-', '')

/** A body that was parsed before, and had no media cut out. */
export const parsedAgain = ({ bytes }: RequestBody): unknown => JSON.parse(UTF8.decode(bytes)) as unknown

/** Above this a second copy of the body would be dearer than what it saves. */
const SMALL_TEXT = 16 * 1024

/** Every other character takes more bytes than it has code units. */
const isSmallAscii = (text: string, bytes: Uint8Array): boolean => text.length === bytes.length && text.length <= SMALL_TEXT

function withoutByteOrderMark(bytes: Uint8Array): Buffer {
  const mark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0
  return Buffer.from(bytes.buffer, bytes.byteOffset + mark, bytes.byteLength - mark)
}

function decoded<Text>(decode: () => Text): Text {
  try {
    return decode()
  } catch {
    throw new GatewayError('invalid_json', 'The body is not valid UTF-8. JSON must be sent as UTF-8.')
  }
}

/** `original` is the whole body where `text` is a shortened form of it. */
function parse(text: string, original?: Uint8Array): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    // The parser's own message quotes the body, so it is not passed on.
    throw new GatewayError('invalid_json', faultOf(original === undefined ? text : UTF8.decode(original)))
  }
}

function faultOf(text: string): string {
  if (text.trim() === '') return 'The body is empty. Send a JSON object.'
  const position = jsonErrorPosition(text)
  if (position === undefined) return 'The body is not valid JSON.'
  if (position.atEnd) return `The body is not valid JSON: it ends too early, at line ${position.line}, column ${position.column}.`
  return `The body is not valid JSON: unexpected character at line ${position.line}, column ${position.column} (position ${position.offset}).`
}

function refuseBreach(breach: JsonBreach | undefined, limits: JsonLimits): void {
  if (breach === undefined) return
  const what =
    breach === 'depth'
      ? `nested deeper than ${limits.maxDepth} levels (server.max_json_depth)`
      : `made of more than ${limits.maxNodes} values (server.max_json_nodes)`
  throw new GatewayError('body_too_deep', `The body is ${what}, which is more than this gateway accepts.`)
}
