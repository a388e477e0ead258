import type { GatewayError } from '../errors/gateway-error.ts'
import { clientFamily } from '../routing/client-family.ts'
import { sseText } from '../lib/sse-text.ts'
import { pingBytes } from './delivered-stream.ts'
import type { AnswerStream, Call } from './engine.ts'

/** A failure as the whole of a stream, in the client's format. */
export function failureBytes({ codec, request, requestId }: Call, error: GatewayError): Uint8Array {
  let text = ''
  const encoder = codec.createStreamEncoder({ requestId: requestId.slice(4), model: request.model, createdAt: 0, request })
  encoder.write({ type: 'error', error: error.asStreamFailure }, (event, data) => {
    text += sseText(event, data)
  })
  return new TextEncoder().encode(text)
}

/** Whether the client looks for this error inside a stream: where its vendor tells it so, or where it acts on nothing else. */
export function isToldInStream({ codec, stream, headers }: Call, error: GatewayError): boolean {
  return stream && codec.isToldInStream?.(error, clientFamily(headers.get('user-agent'))) === true
}

/** A stream that holds nothing but a failure, for clients that look for it only there. */
export function failureStream(call: Call, error: GatewayError, pingMs: number): AnswerStream {
  let rest: Uint8Array | undefined = failureBytes(call, error)
  return {
    async next() {
      const bytes = rest
      rest = undefined
      return bytes
    },
    cancel: () => undefined,
    ping: pingBytes(call.codec.ping),
    pingMs,
  }
}
