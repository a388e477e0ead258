import type { StringSpan } from './json-limits.ts'

/**
 * Bodies with inline media. A base64 string of many megabytes is cut out of the text before it is parsed and stands in the parsed form
 * as a short token; when a body is written, the bytes go back in its place. The media never becomes a JavaScript string.
 */
export interface CutText {
  /** JSON text in which tokens stand for the media. */
  readonly text: string
  /** Media by token: views into the original bytes. */
  readonly blobs: ReadonlyMap<string, Uint8Array>
}

/** Strings shorter than this are parsed as they are. */
export const LONG_STRING_BYTES = 64 * 1024

const PREFIX = 'blob-'
const NONCE_LENGTH = 32
const INDEX_DIGITS = 6
const TOKEN_LENGTH = PREFIX.length + NONCE_LENGTH + 1 + INDEX_DIGITS
const COMMA = 0x2c
/** A data URL's part before the comma is short: media type, parameters, `;base64`. */
const LONGEST_DATA_URL_HEAD = 256
const SAMPLE_BYTES = 256
const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/
const DATA_URL_HEAD = /^data:[\x21\x23-\x5b\x5d-\x7e]*;base64,$/i

const TOKEN = /^blob-[\da-f]{32}-\d{6}$/

/** Whether a text stands for media that was cut out. */
export const isMediaToken = (text: string): boolean => text.length === TOKEN_LENGTH && TOKEN.test(text)

/**
 * Cuts media out of UTF-8 JSON text. `spans` are the content ranges of its long strings. `nonce` is 32 characters nobody can guess, so
 * that no text of a client is ever taken for a token. Of a data URL the part up to the comma stays.
 */
export function cutMedia(bytes: Uint8Array, spans: readonly StringSpan[], nonce: string): CutText {
  const blobs = new Map<string, Uint8Array>()
  const pieces: Uint8Array[] = []
  let position = 0
  for (const span of spans) {
    const start = mediaStart(bytes, span)
    if (start === undefined || blobs.size >= 10 ** INDEX_DIGITS) continue
    const token = `${PREFIX}${nonce}-${String(blobs.size).padStart(INDEX_DIGITS, '0')}`
    blobs.set(token, bytes.subarray(start, span.end))
    pieces.push(bytes.subarray(position, start), Buffer.from(token))
    position = span.end
  }
  if (blobs.size === 0) return { text: decode(bytes), blobs }
  pieces.push(bytes.subarray(position))
  return { text: decode(Buffer.concat(pieces)), blobs }
}

/** Throws a TypeError for bytes that are not UTF-8. */
const decode = (bytes: Uint8Array): string => new TextDecoder('utf-8', { fatal: true }).decode(bytes)

/** Where base64 media starts inside a string; undefined for any other text, which codecs may want to read. */
function mediaStart(bytes: Uint8Array, span: StringSpan): number | undefined {
  let { start } = span
  const head = ascii(bytes.subarray(start, start + LONGEST_DATA_URL_HEAD))
  if (/^data:/i.test(head)) {
    const comma = bytes.subarray(start, start + LONGEST_DATA_URL_HEAD).indexOf(COMMA)
    if (comma === -1 || !DATA_URL_HEAD.test(head.slice(0, comma + 1))) return undefined
    start += comma + 1
  }
  const sampled = `${ascii(bytes.subarray(start, start + SAMPLE_BYTES))}${ascii(bytes.subarray(Math.max(start, span.end - SAMPLE_BYTES), span.end))}`
  return BASE64.test(sampled) && isPlain(bytes, start, span.end) ? start : undefined
}

const ascii = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')

const WORD = 4
const CONTROL_LIMIT = 0x20

/**
 * Whether a range holds neither control characters, nor backslashes, nor bytes beyond ASCII: what a parser would have let through
 * unchanged. Four bytes at a time; a 20 MB image takes a few milliseconds.
 */
function isPlain(bytes: Uint8Array, start: number, end: number): boolean {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start)
  if (buffer.includes(0x5c)) return false
  const misaligned = (WORD - (buffer.byteOffset % WORD)) % WORD
  const wordCount = Math.max(0, Math.floor((buffer.length - misaligned) / WORD))
  for (let index = 0; index < Math.min(misaligned, buffer.length); index++) if (!isPlainByte(buffer[index]!)) return false
  for (let index = misaligned + wordCount * WORD; index < buffer.length; index++) if (!isPlainByte(buffer[index]!)) return false
  const words = new Int32Array(buffer.buffer, buffer.byteOffset + misaligned, wordCount)
  let suspicious = 0
  // The high bit of a byte survives in `word` when it is beyond ASCII and in `word - 0x20…` when it is below the limit (or a borrow hit it:
  // a borrow only comes from a byte that is below the limit itself).
  for (let index = 0; index < wordCount; index++) suspicious |= words[index]! | ((words[index]! - 0x20202020) | 0)
  return (suspicious & 0x80808080) === 0
}

const isPlainByte = (byte: number): boolean => byte >= CONTROL_LIMIT && byte < 0x80

/** Further media beside what was cut out, under tokens of the same kind. `nonce` is asked for when there are none yet. */
export function addMedia(
  known: ReadonlyMap<string, Uint8Array>,
  nonce: () => string,
): { readonly blobs: ReadonlyMap<string, Uint8Array>; readonly add: (blob: Uint8Array) => string } {
  const blobs = new Map(known)
  const [first] = known.keys()
  const marker = first === undefined ? `${PREFIX}${nonce()}-` : first.slice(0, -INDEX_DIGITS)
  return {
    blobs,
    add(blob) {
      const token = `${marker}${String(blobs.size).padStart(INDEX_DIGITS, '0')}`
      blobs.set(token, blob)
      return token
    },
  }
}

/**
 * Puts media back: the UTF-8 bytes of `json` with every token of `blobs` replaced, as pieces to be sent one after the other. Media is
 * not copied. Tokens may stand inside longer strings (data URLs) and several times.
 */
export function restoreBlobs(json: string, blobs: ReadonlyMap<string, Uint8Array>): Uint8Array[] {
  const [first] = blobs.keys()
  if (first === undefined) return [Buffer.from(json)]
  const marker = first.slice(0, -INDEX_DIGITS)
  const pieces: Uint8Array[] = []
  let position = 0
  for (let found = json.indexOf(marker); found !== -1; found = json.indexOf(marker, found + 1)) {
    const blob = blobs.get(json.slice(found, found + TOKEN_LENGTH))
    if (blob === undefined) continue
    if (found > position) pieces.push(Buffer.from(json.slice(position, found)))
    pieces.push(blob)
    position = found + TOKEN_LENGTH
  }
  if (position < json.length) pieces.push(Buffer.from(json.slice(position)))
  return pieces
}
