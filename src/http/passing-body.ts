import type { PassingBody } from '../engine/endpoints/endpoint-use.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import { contentEncoding } from './decompress.ts'
import { BODY_IDLE_MS, declaredLength, tooLarge, tooSlow, type ReadBodyOptions } from './read-body.ts'

type PassingOptions = Pick<ReadBodyOptions, 'maxBytes' | 'clock' | 'deadlines'>

/**
 * The body of a request, handed on as it comes and never held: one chunk at a time, when the upstream has taken the one before. Too many
 * bytes, or too long a silence, break it off; `failure` then says why. Throws for a body that is refused unread.
 */
export function passingBody(request: Request, { maxBytes, clock, deadlines }: PassingOptions): PassingBody | undefined {
  if (request.body === null) return undefined
  if (contentEncoding(request.headers.get('content-encoding')) !== undefined)
    throw new GatewayError(
      'unsupported_media_type',
      'A body that is handed on as it comes must not be compressed. Send it plain.',
    )
  const length = declaredLength(request.headers.get('content-length'))
  if (length !== undefined && maxBytes !== undefined && length > maxBytes) throw tooLarge(maxBytes)
  const reader = request.body.getReader()
  const state = { bytes: 0, failure: undefined as GatewayError | undefined, progress: undefined as (() => void) | undefined }
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const watch = deadlines.watch(clock.now() + BODY_IDLE_MS, () => {
          state.failure = tooSlow()
          reader.cancel().catch(() => undefined) // the body is given up
        })
        try {
          const { done, value } = await reader.read()
          if (state.failure === undefined && value !== undefined) state.bytes += value.length
          if (maxBytes !== undefined && state.bytes > maxBytes) state.failure = tooLarge(maxBytes)
          if (state.failure !== undefined) throw state.failure
          state.progress?.()
          if (done) controller.close()
          else controller.enqueue(value)
        } catch (error) {
          reader.cancel().catch(() => undefined) // nothing more is wanted
          controller.error(error)
        } finally {
          deadlines.drop(watch)
        }
      },
      cancel: () => reader.cancel(),
    },
    { highWaterMark: 0 },
  )
  return Object.assign(state, { stream, length })
}
