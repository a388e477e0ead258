import type { ClientContext, Codec } from '../../codecs/codec.ts'
import { ResponseCollector } from '../../codecs/collect.ts'
import { GatewayError, type UpstreamErrorFacts } from '../../errors/gateway-error.ts'
import type { Clock } from '../../lib/clock.ts'
import { classifyStatus } from '../classify-error.ts'
import type { MockStep } from './mock-script.ts'
import { mockError } from './mock-errors.data.ts'
import { sseText } from '../../lib/sse-text.ts'

/** One call of a mock model, as the upstream sees it. */
export interface MockCall {
  readonly codec: Codec
  readonly clock: Clock
  readonly context: ClientContext
  readonly signal: AbortSignal
}

const encoder = new TextEncoder()

/** An error in the words of the format. Without facts: what real upstreams say with that status. */
export function failureReply(codec: Codec, requestId: string, status: number, facts?: UpstreamErrorFacts): Response {
  const scripted = mockError(status)
  const { message, type, code } = facts ?? scripted
  // The others have one word for each status, which their codecs know.
  const words = codec.format === 'openai' || codec.format === 'responses' ? { type, code } : {}
  const error = new GatewayError(classifyStatus(status, {}), message ?? '', { upstream: { status, message, ...words } })
  const headers = headersFor(codec, requestId, 'application/json')
  if (facts === undefined && scripted.retryAfter !== undefined) headers['retry-after'] = String(scripted.retryAfter)
  return new Response(JSON.stringify(codec.encodeError(error, requestId).body), { status, headers })
}

/** The answer in one piece; pauses pass before it, and a cut loses it in the middle of its body. */
export async function wholeReply(call: MockCall, steps: readonly MockStep[]): Promise<Response> {
  const collector = new ResponseCollector()
  let cut = false
  for (const step of steps) {
    if (step.kind === 'pause') await call.clock.sleep(step.ms, call.signal)
    else if (step.kind === 'cut') cut = true
    else step.events.forEach(collector.push)
  }
  const { codec, context } = call
  const answer = { id: undefined, model: context.model, createdAt: context.createdAt, ...collector.finish() }
  const text = JSON.stringify(codec.encodeResponse(answer, context).value)
  return new Response(cut ? brokenBody(text) : text, { headers: headersFor(codec, context.requestId, 'application/json') })
}

/** The answer as a stream: each step's frames are one chunk, pulled by the reader. A cut ends it without its end. */
export function streamReply(call: MockCall, steps: readonly MockStep[]): Response {
  const { codec, context, signal } = call
  const gone = new AbortController()
  const chunks = chunksOf(call, steps, AbortSignal.any([signal, gone.signal]))
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        // An aborted fetch fails its reader with the signal's reason; so does this, by throwing.
        const { value, done } = await chunks.next()
        if (done === true) controller.close()
        else controller.enqueue(value)
      },
      cancel: () => gone.abort(),
    },
    { highWaterMark: 0 },
  )
  return new Response(body, { headers: headersFor(codec, context.requestId, 'text/event-stream; charset=utf-8') })
}

async function* chunksOf(
  { codec, context, clock }: MockCall,
  steps: readonly MockStep[],
  stop: AbortSignal,
): AsyncGenerator<Uint8Array, undefined> {
  const writer = codec.createStreamEncoder(context)
  let text = ''
  const frame = (event: string | undefined, data: string): void => {
    text += sseText(event, data)
  }
  for (const [index, step] of steps.entries()) {
    stop.throwIfAborted()
    if (step.kind === 'cut') return undefined
    if (step.kind === 'pause') {
      await clock.sleep(step.ms, stop)
      continue
    }
    for (const event of step.events) writer.write(event, frame)
    if (index === steps.length - 1) writer.end(frame)
    if (text !== '') yield encoder.encode(text)
    text = ''
  }
  return undefined
}

/** The first half of a body, then a lost connection. */
function brokenBody(text: string): ReadableStream<Uint8Array> {
  let begun = false
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      if (begun) return controller.error(Object.assign(new TypeError('the mock closed the connection'), { code: 'ECONNRESET' }))
      begun = true
      controller.enqueue(encoder.encode(text.slice(0, text.length / 2)))
    },
  })
}

function headersFor(codec: Codec, requestId: string, contentType: string): Record<string, string> {
  const idHeader = codec.format === 'anthropic' ? 'request-id' : 'x-request-id'
  return { 'content-type': contentType, [idHeader]: `req_mock_${requestId}` }
}
