import type { RequestBody } from '../engine/engine.ts'
import type { PassingBody } from '../engine/endpoints/endpoint-use.ts'
import type { Exchange } from './exchange.ts'
import { passingBody } from './passing-body.ts'
import { declaredLength, type ReadBodyOptions } from './read-body.ts'
import type { HttpAppOptions } from './http-app.types.ts'
import type { CallServer } from './serve-call.ts'

export interface ForwardBodyOptions extends Pick<HttpAppOptions, 'settings'>, Pick<ReadBodyOptions, 'clock' | 'deadlines'> {
  readonly calls: Pick<CallServer, 'receiveBytes'>
}

/** A body that nobody here looks into. */
export interface ForwardBody {
  readonly forward: Uint8Array | PassingBody | undefined
  readonly contentType: string | undefined
  /** For limits and the record. */
  readonly body: RequestBody
}

/** Up to this length a body is read first, so that it can be sent again to another account. */
const SMALL_BYTES = 1024 * 1024
const NOTHING: RequestBody = { bytes: new Uint8Array(0), blobs: new Map() }

/** A short body whole, any other as it comes. */
export async function readForwardBody(exchange: Exchange, options: ForwardBodyOptions): Promise<ForwardBody> {
  const { headers } = exchange.request
  const contentType = headers.get('content-type') ?? undefined
  const length = declaredLength(headers.get('content-length'))
  if (length !== undefined && length <= SMALL_BYTES && length > 0) {
    const bytes = await options.calls.receiveBytes(exchange)
    return { forward: bytes, contentType, body: { ...NOTHING, bytes, opaqueBytes: bytes.length } }
  }
  const { settings, clock, deadlines } = options
  const forward =
    length === 0 ? undefined : passingBody(exchange.request, { maxBytes: settings.maxRequestBytes, clock, deadlines })
  return { forward, contentType: forward === undefined ? undefined : contentType, body: NOTHING }
}
