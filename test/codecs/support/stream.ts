import type { ClientContext, StreamDecoder } from '../../../src/codecs/codec.ts'
import { ResponseCollector } from '../../../src/codecs/collect.ts'
import { codecFor } from '../../../src/codecs/registry.ts'
import { replayResponse } from '../../../src/codecs/replay.ts'
import type { Diagnostic } from '../../../src/ir/diagnostic.ts'
import type { LlmResponse } from '../../../src/ir/response.ts'
import type { StreamEvent, StreamFailure } from '../../../src/ir/stream-event.ts'
import type { WireFormat } from '../../../src/ir/wire-format.ts'
import { SseParser, type SseFrame } from '../../../src/lib/sse-parser.ts'

const REQUEST_ID = '0123456789abcdef0123456789abcdef'

const CHAT = { messages: [{ role: 'user', content: 'hi' }] }
const CALLS: Readonly<Record<WireFormat, Record<string, unknown>>> = {
  openai: { ...CHAT, stream_options: { include_usage: true } },
  responses: { input: 'hi' },
  anthropic: { ...CHAT, max_tokens: 9 },
  gemini: { contents: [{ role: 'user', parts: [{ text: 'hi' }] }] },
  bedrock_converse: { messages: [{ role: 'user', content: [{ text: 'hi' }] }] },
}

/** The call that an answer belongs to, as a client of `format` made it. */
export function contextOf(format: WireFormat, model = 'shown-model', body: Record<string, unknown> = {}): ClientContext {
  const called = {
    ...CALLS[format],
    ...(format === 'gemini' || format === 'bedrock_converse' ? {} : { model, stream: true }),
    ...body,
  }
  const request = codecFor(format).decodeRequest(called, { model, stream: true }).value
  return { requestId: REQUEST_ID, model, createdAt: 1_700_000_000, request, estimatedInputTokens: 1 }
}

export function eventsOf(response: LlmResponse): StreamEvent[] {
  const events: StreamEvent[] = []
  replayResponse(response, (event) => events.push(event))
  return events
}

export interface Written {
  readonly frames: readonly SseFrame[]
  readonly bytes: Buffer
  readonly diagnostics: readonly Diagnostic[]
}

/** Events as the bytes a client of `format` gets. */
export function writeStream(events: readonly StreamEvent[], format: WireFormat, context: ClientContext): Written {
  const encoder = codecFor(format).createStreamEncoder(context)
  const frames: SseFrame[] = []
  const write = (event: string | undefined, data: string): void => void frames.push({ event, data })
  for (const event of events) encoder.write(event, write)
  if (events.every((event) => event.type !== 'error')) encoder.end(write)
  const text = frames.map(({ event, data }) => `${event === undefined ? '' : `event: ${event}\n`}data: ${data}\n\n`).join('')
  return { frames, bytes: Buffer.from(text), diagnostics: encoder.diagnostics ?? [] }
}

export interface Collected {
  readonly response: LlmResponse
  readonly failure: StreamFailure | undefined
  readonly events: readonly StreamEvent[]
}

/** What a reader of `format` makes of the bytes of a stream. */
export function readStream(bytes: Uint8Array, format: WireFormat): Collected {
  const decoder: StreamDecoder = codecFor(format).createStreamDecoder()
  const parser = new SseParser()
  const collector = new ResponseCollector()
  const events: StreamEvent[] = []
  const emit = (event: StreamEvent): void => {
    events.push(event)
    collector.push(event)
  }
  const frame = (found: SseFrame): void => decoder.push(found, emit)
  parser.push(bytes, frame)
  parser.end(frame)
  decoder.end(emit)
  return { response: collector.finish(), failure: collector.failure, events }
}

export function collected(events: readonly StreamEvent[]): LlmResponse {
  const collector = new ResponseCollector()
  for (const event of events) collector.push(event)
  return collector.finish()
}
