import { constants } from 'node:buffer'
import { brotliDecompress, gunzip, inflate, inflateRaw, zstdDecompress } from 'node:zlib'
import { GatewayError } from '../errors/gateway-error.ts'

type Decompressor = (
  body: Uint8Array,
  options: { readonly maxOutputLength: number },
  done: (error: Error | null, result: Buffer) => void,
) => void

const DECOMPRESSORS: Readonly<Record<string, Decompressor>> = {
  gzip: gunzip,
  'x-gzip': gunzip,
  br: brotliDecompress,
  zstd: zstdDecompress,
  deflate: (body, options, done) => (looksLikeZlib(body) ? inflate : inflateRaw)(body, options, done),
}

/** The one encoding of a body, undefined for none. Throws `unsupported_media_type` for unknown and stacked ones. */
export function contentEncoding(header: string | null): string | undefined {
  if (header === null) return undefined
  const encoding = header.trim().toLowerCase()
  if (encoding === '' || encoding === 'identity') return undefined
  if (Object.hasOwn(DECOMPRESSORS, encoding)) return encoding
  throw new GatewayError(
    'unsupported_media_type',
    'The content-encoding of the body is not supported. Send it plain, or as one of gzip, deflate, br, zstd.',
  )
}

/**
 * Decompresses a body off the main thread. Stops and throws `body_too_large` when the result grows beyond `limit` bytes, so that a small
 * body that unpacks to gigabytes never does; throws `invalid_body` when it cannot be unpacked.
 */
export function decompress(body: Uint8Array, encoding: string, limit: number | undefined): Promise<Uint8Array> {
  const maxOutputLength = Math.min(limit ?? constants.MAX_LENGTH, constants.MAX_LENGTH)
  return new Promise((resolve, reject) => {
    DECOMPRESSORS[encoding]!(body, { maxOutputLength }, (error, result) => {
      if (error === null) resolve(result)
      else if ('code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') {
        reject(
          new GatewayError(
            'body_too_large',
            `The decompressed body is larger than the ${maxOutputLength} bytes this gateway accepts (server.max_request_bytes).`,
          ),
        )
      } else reject(new GatewayError('invalid_body', `The body is not valid ${encoding}, as its content-encoding says.`))
    })
  })
}

/** Some clients send raw deflate data where the standard means the zlib format; its first two bytes tell. */
const looksLikeZlib = (body: Uint8Array): boolean =>
  body.length >= 2 && (body[0]! & 0x0f) === 8 && ((body[0]! << 8) | body[1]!) % 31 === 0
