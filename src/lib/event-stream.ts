import { crc32 } from 'node:zlib'
import { asBuffer } from './as-buffer.ts'

/** One message of `application/vnd.amazon.eventstream`. */
export interface EventStreamMessage {
  /** By name, as they are written (`:event-type`). Headers that hold anything but text are left out. */
  readonly headers: ReadonlyMap<string, string>
  readonly payload: Buffer
}

/** Thrown for bytes that are no message: a wrong checksum, a length that cannot be, or an end within a message. */
export class EventStreamError extends Error {
  override readonly name = 'EventStreamError'
}

/** Total length, length of the headers, checksum of both. */
const PRELUDE = 12
const CHECKSUM = 4
/** The vendor's own limit of one message. */
const MAX_MESSAGE = 16 * 1024 * 1024
/** Bytes that the value of a header of each type takes; types with a length of their own in front are missing. */
const FIXED_SIZES: readonly (number | undefined)[] = [0, 0, 1, 2, 4, 8, undefined, undefined, 8, 16]
const TEXT = 7
/** The messages of a stream have a few sets of headers, which come over and over. */
const MOST_KNOWN_HEADERS = 64

/** Messages from bytes that may be cut anywhere. Pieces of a message are joined once, when it is whole. */
export class EventStreamParser {
  private readonly known = new Map<string, ReadonlyMap<string, string>>()
  private pieces: Buffer[] = []
  private held = 0
  /** Bytes there have to be before the next look. */
  private wanted = PRELUDE

  /** Throws `EventStreamError`; nothing can be read after that. */
  push(chunk: Uint8Array, emit: (message: EventStreamMessage) => void): void {
    this.pieces.push(asBuffer(chunk))
    this.held += chunk.length
    if (this.held < this.wanted) return
    const [only] = this.pieces
    const bytes = this.pieces.length === 1 && only !== undefined ? only : Buffer.concat(this.pieces)
    let position = 0
    this.wanted = PRELUDE
    while (bytes.length - position >= PRELUDE) {
      const length = bytes.readUInt32BE(position)
      if (bytes.length - position < length || length < PRELUDE + CHECKSUM) {
        this.wanted = messageLength(bytes, position)
        break
      }
      emit(this.message(bytes.subarray(position, position + length)))
      position += length
    }
    this.held = bytes.length - position
    this.pieces = this.held === 0 ? [] : [bytes.subarray(position)]
  }

  /** The stream ended. Throws `EventStreamError` within a message. */
  end(): void {
    if (this.held > 0) throw new EventStreamError('the stream ended within a message')
  }

  private message(bytes: Buffer): EventStreamMessage {
    const end = bytes.length - CHECKSUM
    // Of the start, too: its own checksum matters where its length has to be believed before the rest is there.
    if (crc32(bytes.subarray(0, end)) !== bytes.readUInt32BE(end)) throw new EventStreamError('a message has a wrong checksum')
    const headersEnd = PRELUDE + bytes.readUInt32BE(4)
    if (headersEnd > end) throw new EventStreamError('a message is shorter than its headers')
    const written = bytes.toString('latin1', PRELUDE, headersEnd)
    let headers = this.known.get(written)
    if (headers === undefined) {
      headers = readHeaders(bytes.subarray(PRELUDE, headersEnd))
      if (this.known.size < MOST_KNOWN_HEADERS) this.known.set(written, headers)
    }
    return { headers, payload: bytes.subarray(headersEnd, end) }
  }
}

/** Length of the message that starts here, which only a right checksum makes believable. */
function messageLength(bytes: Buffer, start: number): number {
  if (crc32(bytes.subarray(start, start + 8)) !== bytes.readUInt32BE(start + 8))
    throw new EventStreamError('the start of a message has a wrong checksum')
  const length = bytes.readUInt32BE(start)
  if (length > MAX_MESSAGE) throw new EventStreamError(`a message exceeds ${MAX_MESSAGE} bytes`)
  if (length < PRELUDE + bytes.readUInt32BE(start + 4) + CHECKSUM)
    throw new EventStreamError('a message is shorter than its headers')
  return length
}

function readHeaders(bytes: Buffer): ReadonlyMap<string, string> {
  const headers = new Map<string, string>()
  let at = 0
  while (at < bytes.length) {
    const nameEnd = at + 1 + (bytes[at] ?? 0)
    const type = bytes[nameEnd] ?? -1
    const fixed = FIXED_SIZES[type]
    const isSized = type === TEXT || type === TEXT - 1
    const start = nameEnd + (isSized ? 3 : 1)
    if ((fixed === undefined && !isSized) || start > bytes.length) throw new EventStreamError('a header cannot be read')
    const end = start + (fixed ?? bytes.readUInt16BE(nameEnd + 1))
    if (end > bytes.length) throw new EventStreamError('a header is longer than all of them')
    if (type === TEXT) headers.set(bytes.toString('utf8', at + 1, nameEnd), bytes.toString('utf8', start, end))
    at = end
  }
  return headers
}

/** A message with headers of text, in their order. */
export function eventStreamMessage(headers: Readonly<Record<string, string>>, payload: Uint8Array | string): Buffer {
  const body = typeof payload === 'string' ? Buffer.from(payload) : payload
  const written = Buffer.concat(Object.entries(headers).map(([name, value]) => textHeader(name, value)))
  const message = Buffer.allocUnsafe(PRELUDE + written.length + body.length + CHECKSUM)
  message.writeUInt32BE(message.length, 0)
  message.writeUInt32BE(written.length, 4)
  message.writeUInt32BE(crc32(message.subarray(0, 8)), 8)
  written.copy(message, PRELUDE)
  message.set(body, PRELUDE + written.length)
  message.writeUInt32BE(crc32(message.subarray(0, -CHECKSUM)), message.length - CHECKSUM)
  return message
}

function textHeader(name: string, value: string): Buffer {
  const [nameBytes, valueBytes] = [Buffer.from(name), Buffer.from(value)]
  const header = Buffer.allocUnsafe(1 + nameBytes.length + 3 + valueBytes.length)
  header[0] = nameBytes.length
  nameBytes.copy(header, 1)
  header[1 + nameBytes.length] = TEXT
  header.writeUInt16BE(valueBytes.length, 2 + nameBytes.length)
  valueBytes.copy(header, 4 + nameBytes.length)
  return header
}
