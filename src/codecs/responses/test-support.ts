import { ResponseCollector } from '../collect.ts'
import type { ClientContext, EncodeTarget } from '../codec.ts'
import type { LlmRequest } from '../../ir/request.ts'
import type { LlmResponse } from '../../ir/response.ts'
import type { StreamEvent } from '../../ir/stream-event.ts'
import type { SseFrame } from '../../lib/sse-parser.ts'
import { responsesCodec } from './index.ts'

export const TARGET: EncodeTarget = { model: 'gpt-x', quirks: {}, facts: {}, stream: false }
export const REQUEST_ID = '0123456789abcdef0123456789abcdef'

/** A context for encoding answers to `body`, a request of this format. */
export function contextOf(body: Record<string, unknown> = {}): ClientContext {
  const request: LlmRequest = responsesCodec.decodeRequest({ model: 'gpt-x', input: 'hi', ...body }).value
  return { requestId: REQUEST_ID, model: 'gpt-x', createdAt: 1_700_000_000, request }
}

/** Cuts complete SSE text into frames. */
export function framesOf(sse: string): SseFrame[] {
  const frames: SseFrame[] = []
  for (const block of sse.replaceAll('\r\n', '\n').split('\n\n')) {
    const lines = block.split('\n').filter((line) => line !== '' && !line.startsWith(':'))
    if (lines.length === 0) continue
    const value = (name: string): string[] =>
      lines.filter((line) => line.startsWith(`${name}:`)).map((line) => line.slice(name.length + 1).replace(/^ /, ''))
    frames.push({ event: value('event')[0], data: value('data').join('\n') })
  }
  return frames
}

export function decodeStream(frames: readonly SseFrame[]): StreamEvent[] {
  const decoder = responsesCodec.createStreamDecoder()
  const events: StreamEvent[] = []
  for (const frame of frames) decoder.push(frame, (event) => events.push(event))
  decoder.end((event) => events.push(event))
  return events
}

export interface EncodedFrame {
  readonly event: string | undefined
  readonly data: Record<string, unknown>
}

export function encodeStream(events: readonly StreamEvent[], context: ClientContext = contextOf()): EncodedFrame[] {
  const encoder = responsesCodec.createStreamEncoder(context)
  const frames: EncodedFrame[] = []
  const write = (event: string | undefined, data: string): void =>
    void frames.push({ event, data: JSON.parse(data) as Record<string, unknown> })
  for (const event of events) encoder.write(event, write)
  if (events.every((event) => event.type !== 'error')) encoder.end(write)
  return frames
}

export function collect(events: readonly StreamEvent[]): { response: LlmResponse; failure: ResponseCollector['failure'] } {
  const collector = new ResponseCollector()
  for (const event of events) collector.push(event)
  return { response: collector.finish(), failure: collector.failure }
}

/** Frames as a decoder takes them. */
export function wire(frames: readonly EncodedFrame[]): SseFrame[] {
  return frames.map((frame) => ({ event: frame.event, data: JSON.stringify(frame.data) }))
}

/** Removes nulls and undefined, which say the same as absence. */
export function withoutAbsent(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutAbsent)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, entry]) => entry !== undefined && entry !== null)
      .map(([key, entry]) => [key, withoutAbsent(entry)]),
  )
}

export const START: StreamEvent = { type: 'response-start', id: 'chatcmpl-1', model: 'm' }
export const FINISH: StreamEvent[] = [
  { type: 'usage', usage: { inputTokens: 10, outputTokens: 4, cacheReadTokens: 3 } },
  { type: 'finish', choice: 0, reason: { unified: 'stop' } },
  { type: 'end' },
]

/** An answer with everything in it, blocks interleaved. */
export const EVERYTHING: StreamEvent[] = [
  START,
  { type: 'reasoning-start', block: 0, choice: 0 },
  { type: 'reasoning-delta', block: 0, text: 'let me ', form: 'text' },
  { type: 'reasoning-delta', block: 0, text: 'think', form: 'text' },
  { type: 'reasoning-state', block: 0, origin: 'anthropic', signature: 'c2ln' },
  { type: 'reasoning-end', block: 0 },
  { type: 'text-start', block: 1, choice: 0 },
  { type: 'text-delta', block: 1, text: 'Hello "wörld"\n' },
  { type: 'text-delta', block: 1, text: '!', logprobs: [{ token: '!', logprob: -0.5, top_logprobs: [] }] },
  { type: 'citation', block: 1, citation: { kind: 'url', url: 'https://a.example', title: 'A', origin: 'anthropic', raw: {} } },
  { type: 'text-end', block: 1 },
  { type: 'text-start', block: 2, choice: 0 },
  { type: 'tool-call-start', block: 3, choice: 0, id: 'call_1', name: 'get_weather', kind: 'json' },
  { type: 'tool-call-start', block: 4, choice: 0, id: 'call_2', name: 'get_time', kind: 'json' },
  { type: 'tool-call-delta', block: 3, text: '{"city":' },
  { type: 'tool-call-delta', block: 4, text: '{"zone":"utc"}' },
  { type: 'text-delta', block: 2, text: 'second' },
  { type: 'tool-call-delta', block: 3, text: '"Paris"}' },
  { type: 'tool-call-end', block: 4 },
  { type: 'tool-call-end', block: 3 },
  { type: 'text-end', block: 2 },
  { type: 'refusal-start', block: 5, choice: 0 },
  { type: 'refusal-delta', block: 5, text: 'I cannot' },
  { type: 'refusal-end', block: 5 },
  { type: 'tool-call-start', block: 6, choice: 0, id: 'call_3', name: 'patch', kind: 'text' },
  { type: 'tool-call-delta', block: 6, text: '*** Begin' },
  { type: 'tool-call-end', block: 6 },
  {
    type: 'part',
    block: 7,
    choice: 0,
    part: {
      type: 'hosted-tool-call',
      kind: 'web_search',
      origin: 'responses',
      raw: { type: 'web_search_call', id: 'ws_1', status: 'completed', action: { type: 'search', query: 'q' } },
    },
  },
  ...FINISH,
]
