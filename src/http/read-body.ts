import { GatewayError } from '../errors/gateway-error.ts'
import type { Clock } from '../lib/clock.ts'
import type { Deadlines } from '../lib/deadlines.ts'
import { checkContentType } from './content-type.ts'
import { contentEncoding, decompress } from './decompress.ts'

export interface ReadBodyOptions {
  /** Most bytes, before and after decompression; undefined for no limit. */
  readonly maxBytes: number | undefined
  /** Takes memory for a large body; throws when there is none. */
  readonly reserve: (bytes: number) => void
  readonly clock: Clock
  readonly deadlines: Deadlines
  /** False for a body of any type. Default: it must be JSON. */
  readonly isJson?: boolean
}

/** Bodies up to this length are read in one go by the server; larger ones go into one buffer of their own size. */
const SMALL_BYTES = 1024 * 1024
const FIRST_BUFFER_BYTES = 64 * 1024
/** Bodies up to this length are not counted among what is held in memory. */
const UNCOUNTED_BYTES = 64 * 1024
/** Longest silence while a body arrives, in ms. */
export const BODY_IDLE_MS = 30_000
/** After the first silence allowed, a body must on average come at least this fast, in bytes per ms. */
const SLOWEST_BYTES_PER_MS = 1

/** The body of a call as bytes, decompressed. Throws or rejects with a `GatewayError` for what the gateway does not take. */
export function readBody(request: Request, options: ReadBodyOptions): Promise<Uint8Array> {
  const { headers } = request
  if (options.isJson !== false) checkContentType(headers.get('content-type'))
  const encoding = contentEncoding(headers.get('content-encoding'))
  const declared = declaredLength(headers.get('content-length'))
  if (declared !== undefined && options.maxBytes !== undefined && declared > options.maxBytes) throw tooLarge(options.maxBytes)
  if (declared !== undefined && declared > UNCOUNTED_BYTES) options.reserve(declared)
  const read =
    declared !== undefined && declared <= SMALL_BYTES ? readWhole(request, options) : readChunks(request, declared, options)
  return encoding === undefined ? read : read.then((bytes) => decompress(bytes, encoding, options.maxBytes))
}

/** What a `content-length` says; undefined for none, and for one that is no number. */
export function declaredLength(header: string | null): number | undefined {
  if (header === null) return undefined
  const length = Number(header)
  return Number.isSafeInteger(length) && length >= 0 ? length : undefined
}

/** A short body: the server collects it. */
function readWhole(request: Request, { clock, deadlines }: ReadBodyOptions): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const watch = deadlines.watch(clock.now() + BODY_IDLE_MS, () => reject(tooSlow()))
    const arrived = (bytes: Uint8Array): void => {
      deadlines.drop(watch)
      resolve(bytes)
    }
    const failed = (cause: unknown): void => {
      deadlines.drop(watch)
      reject(gone(cause))
    }
    request.bytes().then(arrived, failed)
  })
}

/** A body that is long, or does not say how long it is: counted while it arrives. */
async function readChunks(
  request: Request,
  declared: number | undefined,
  { maxBytes, reserve, clock, deadlines }: ReadBodyOptions,
): Promise<Uint8Array> {
  const reader = request.body?.getReader()
  if (reader === undefined) return new Uint8Array(0)
  let isTooSlow = false
  const startedAt = clock.now()
  const watch = deadlines.watch(startedAt + BODY_IDLE_MS, () => {
    isTooSlow = true
    reader.cancel().catch(ignoreFailure)
  })
  // Memory that is reserved and not yet written costs nothing, so a declared length is believed.
  let buffer = new Uint8Array(declared ?? FIRST_BUFFER_BYTES)
  let length = 0
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (isTooSlow) throw tooSlow()
      if (done) return buffer.subarray(0, length)
      const grown = length + value.length
      if (maxBytes !== undefined && grown > maxBytes) throw tooLarge(maxBytes)
      if (grown > buffer.length) {
        const size = Math.max(grown, buffer.length * 2)
        reserve(size - buffer.length)
        buffer = enlarged(buffer, length, size)
      }
      buffer.set(value, length)
      length = grown
      freeNow(value)
      watch.at = Math.min(clock.now(), startedAt + length / SLOWEST_BYTES_PER_MS) + BODY_IDLE_MS
    }
  } catch (cause) {
    reader.cancel().catch(ignoreFailure)
    throw cause instanceof GatewayError ? cause : isTooSlow ? tooSlow() : gone(cause)
  } finally {
    deadlines.drop(watch)
  }
}

/**
 * Gives a chunk's memory back without waiting for the collector, which would let a large body stand in memory twice. Chunks that share
 * their memory are left alone.
 */
function freeNow(chunk: Uint8Array): void {
  const { buffer } = chunk
  if (buffer instanceof ArrayBuffer && buffer.byteLength === chunk.byteLength) buffer.transfer(0)
}

function enlarged(buffer: Uint8Array<ArrayBuffer>, length: number, size: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(size)
  larger.set(buffer.subarray(0, length))
  return larger
}

/** The connection is closed anyway; what became of the rest of its body does not matter. */
const ignoreFailure = (): undefined => undefined

export const tooLarge = (limit: number): GatewayError =>
  new GatewayError(
    'body_too_large',
    `The body is larger than the ${limit} bytes this gateway accepts (server.max_request_bytes).`,
  )

export const tooSlow = (): GatewayError =>
  new GatewayError('request_timeout', 'The body arrived too slowly. Send the request again.')

const gone = (cause: unknown): GatewayError =>
  new GatewayError('client_closed_request', 'The client went away before its body had arrived.', { cause })
