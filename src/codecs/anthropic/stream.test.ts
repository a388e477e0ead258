import { describe, expect, test } from 'bun:test'
import type { JsonObject } from '../../ir/json.ts'
import type { StreamEvent } from '../../ir/stream-event.ts'
import { unwrapState } from '../carrier.ts'
import type { ClientContext } from '../codec.ts'
import { anthropicCodec } from './index.ts'

const CONTEXT: ClientContext = {
  requestId: '0123456789abcdef0123456789abcdef',
  model: 'shown',
  createdAt: 0,
  request: {
    model: 'shown',
    messages: [],
    sampling: {},
    stream: true,
    tools: [{ type: 'namespace', name: 'mcp', tools: [{ type: 'function', name: 'read' }] }],
  },
  estimatedInputTokens: 42,
}

interface Written {
  readonly events: Record<string, unknown>[]
  readonly diagnostics: readonly { code: string }[]
}

function write(events: StreamEvent[]): Written {
  const encoder = anthropicCodec.createStreamEncoder(CONTEXT)
  const written: Record<string, unknown>[] = []
  const frame = (event: string | undefined, data: string): void => {
    const parsed = JSON.parse(data) as Record<string, unknown>
    expect(parsed['type']).toBe(event as string)
    written.push(parsed)
  }
  for (const event of events) encoder.write(event, frame)
  if (!events.some((event) => event.type === 'error')) encoder.end(frame)
  return { events: written, diagnostics: encoder.diagnostics ?? [] }
}

interface Message extends JsonObject {
  content: JsonObject[]
  usage: JsonObject
}

/** What the official SDK makes of the stream: it adds texts, replaces signatures and parses the input at the end of a block. */
function accumulated(events: StreamEvent[]): Message {
  let message: Message = { content: [], usage: {} }
  const inputs: string[] = []
  for (const event of write(events).events) {
    const index = Number(event['index'])
    const block = message.content[index] ?? {}
    const delta = (event['delta'] ?? {}) as JsonObject
    if (event['type'] === 'message_start') message = structuredClone(event['message']) as Message
    else if (event['type'] === 'content_block_start') message.content.push({ ...(event['content_block'] as JsonObject) })
    else if (event['type'] === 'message_delta')
      message = { ...message, ...delta, usage: { ...message.usage, ...(event['usage'] as JsonObject) } }
    else if (delta['type'] === 'text_delta') block['text'] = `${String(block['text'])}${String(delta['text'])}`
    else if (delta['type'] === 'thinking_delta') block['thinking'] = `${String(block['thinking'])}${String(delta['thinking'])}`
    else if (delta['type'] === 'signature_delta') block['signature'] = delta['signature']
    else if (delta['type'] === 'input_json_delta') inputs[index] = `${inputs[index] ?? ''}${String(delta['partial_json'])}`
    else if (event['type'] === 'content_block_stop' && inputs[index] !== undefined) block['input'] = JSON.parse(inputs[index])
  }
  return message
}

function assertSequentialBlocks(events: Record<string, unknown>[]): void {
  let open = -1
  let next = 0
  for (const event of events) {
    if (event['type'] === 'content_block_start') {
      expect([open, event['index']]).toEqual([-1, next++])
      open = event['index'] as number
    } else if (event['type'] === 'content_block_delta') expect(event['index']).toBe(open)
    else if (event['type'] === 'content_block_stop') {
      expect(event['index']).toBe(open)
      open = -1
    }
  }
  expect(open).toBe(-1)
  expect(events.at(0)?.['type']).toBe('message_start')
  expect(events.slice(-2).map((event) => event['type'])).toEqual(['message_delta', 'message_stop'])
}

const start: StreamEvent = { type: 'response-start', id: 'chatcmpl-1', model: 'x' }
const callStart = (block: number, id: string, name = 'f'): StreamEvent => ({
  type: 'tool-call-start',
  block,
  choice: 0,
  id,
  name,
  kind: 'json',
})
const delta = (block: number, text: string): StreamEvent => ({ type: 'tool-call-delta', block, text })

describe('the stream a client gets', () => {
  test('has one open block at a time, however the calls interleave', () => {
    const events: StreamEvent[] = [
      start,
      { type: 'text-start', block: 0, choice: 0 },
      { type: 'text-delta', block: 0, text: 'a' },
      callStart(1, 'c1'),
      callStart(2, 'c2', 'mcp__read'),
      delta(2, '{"b":'),
      delta(1, '{"a":1}'),
      { type: 'text-delta', block: 0, text: 'é\n"' },
      delta(2, '2}'),
      { type: 'tool-call-end', block: 2 },
      { type: 'text-end', block: 0 },
      delta(1, ''),
      { type: 'tool-call-end', block: 1 },
      {
        type: 'usage',
        usage: { inputTokens: 100, cacheReadTokens: 60, cacheWriteTokens: 10, outputTokens: 5, reasoningTokens: 2 },
      },
      { type: 'finish', choice: 0, reason: { unified: 'stop', raw: 'stop' } },
      { type: 'end' },
    ]
    assertSequentialBlocks(write(events).events)
    const message = accumulated(events)
    expect(message.content).toMatchObject([
      { type: 'text', text: 'aé\n"' },
      { type: 'tool_use', id: 'c1', name: 'f', input: { a: 1 } },
      { type: 'tool_use', id: 'c2', name: 'read', input: { b: 2 } },
    ])
    expect(message).toMatchObject({ id: 'msg_0123456789abcdef0123456789abcdef', model: 'shown', stop_reason: 'tool_use' })
    expect(message.usage).toMatchObject({
      input_tokens: 30,
      cache_read_input_tokens: 60,
      cache_creation_input_tokens: 10,
      output_tokens: 5,
      output_tokens_details: { thinking_tokens: 2 },
    })
  })

  test('starts with the estimated prompt size, never with 0', () => {
    expect(write([{ ...start, usage: { inputTokens: 0 } }]).events[0]).toMatchObject({ message: { usage: { input_tokens: 42 } } })
    expect(write([{ ...start, usage: { inputTokens: 9 } }]).events[0]).toMatchObject({ message: { usage: { input_tokens: 9 } } })
  })

  test('is valid when the answer is empty', () => {
    const events: StreamEvent[] = [
      start,
      { type: 'text-start', block: 0, choice: 0 },
      { type: 'text-end', block: 0 },
      { type: 'finish', choice: 0, reason: { unified: 'stop' } },
    ]
    assertSequentialBlocks(write(events).events)
    expect(accumulated(events)).toMatchObject({ content: [], stop_reason: 'end_turn' })
  })

  test('carries foreign reasoning as thinking whose signature brings the state back', () => {
    const message = accumulated([
      start,
      { type: 'reasoning-start', block: 0, choice: 0, id: 'rs_1' },
      { type: 'reasoning-delta', block: 0, text: 'one', form: 'summary', part: 0 },
      { type: 'reasoning-delta', block: 0, text: 'two', form: 'summary', part: 1 },
      { type: 'reasoning-state', block: 0, origin: 'responses', encrypted: 'enc' },
      { type: 'reasoning-end', block: 0 },
      { type: 'reasoning-start', block: 1, choice: 0 },
      { type: 'reasoning-state', block: 1, origin: 'responses', encrypted: 'alone' },
      { type: 'reasoning-end', block: 1 },
      { type: 'reasoning-start', block: 2, choice: 0 },
      { type: 'reasoning-delta', block: 2, text: 'bare', form: 'text' },
      { type: 'reasoning-end', block: 2 },
    ])
    const [shown, hidden, bare] = message.content
    expect(shown).toMatchObject({ type: 'thinking', thinking: 'one\n\ntwo' })
    expect(unwrapState(String(shown?.['signature']))).toEqual({ origin: 'responses', id: 'rs_1', encrypted: 'enc' })
    expect(unwrapState(String(hidden?.['data']))).toEqual({ origin: 'responses', encrypted: 'alone' })
    expect(unwrapState(String(bare?.['signature']))).toEqual({ origin: 'openai' })
  })

  test('wraps free-form input so that it is JSON, in every piece', () => {
    const message = accumulated([
      start,
      { type: 'tool-call-start', block: 0, choice: 0, id: '', name: 'patch', kind: 'text' },
      delta(0, 'a"\n'),
      delta(0, '\\b'),
      { type: 'tool-call-end', block: 0 },
    ])
    expect(message.content).toMatchObject([{ type: 'tool_use', input: { input: 'a"\n\\b' } }])
    expect(message.content[0]?.['id']).not.toBe('')
  })

  test('shows refusals, drops what has no form and says so', () => {
    const events: StreamEvent[] = [
      start,
      { type: 'refusal-start', block: 0, choice: 0 },
      { type: 'refusal-delta', block: 0, text: 'no' },
      { type: 'refusal-end', block: 0 },
      { type: 'part', block: 1, choice: 0, part: { type: 'hosted-tool-call', kind: 'web_search', origin: 'responses', raw: {} } },
      { type: 'text-start', block: 2, choice: 1 },
      { type: 'text-delta', block: 2, text: 'second' },
      { type: 'text-end', block: 2 },
      { type: 'finish', choice: 0, reason: { unified: 'stop' } },
    ]
    expect(write(events).diagnostics.map((diagnostic) => diagnostic.code)).toEqual([
      'part.refusal',
      'part.hosted_tool_call',
      'sampling.n',
    ])
    expect(accumulated(events)).toMatchObject({ content: [{ type: 'text', text: 'no' }], stop_reason: 'refusal' })
  })

  test('tells a failure in-band and ends there', () => {
    const { events } = write([
      start,
      { type: 'text-start', block: 0, choice: 0 },
      { type: 'error', error: { message: 'busy', status: 529 } },
    ])
    expect(events.at(-1)).toEqual({ type: 'error', error: { type: 'overloaded_error', message: 'busy' } })
  })
})

function read(...frames: unknown[]): StreamEvent[] {
  const decoder = anthropicCodec.createStreamDecoder()
  const events: StreamEvent[] = []
  for (const frame of frames)
    decoder.push({ event: undefined, data: typeof frame === 'string' ? frame : JSON.stringify(frame) }, (event) =>
      events.push(event),
    )
  decoder.end((event) => events.push(event))
  return events
}

describe('reading an upstream', () => {
  const messageStart = {
    type: 'message_start',
    message: { id: 'msg_1', model: 'm', content: [], usage: { input_tokens: 3, cache_read_input_tokens: 4, output_tokens: 1 } },
  }
  const messageDelta = {
    type: 'message_delta',
    delta: { stop_reason: 'stop_sequence', stop_sequence: 'END' },
    usage: { input_tokens: null, output_tokens: 9 },
  }

  test('a stream without message_stop is truncated, even after a stop reason', () => {
    expect(read(messageStart, messageDelta).at(-1)).toMatchObject({
      type: 'error',
      error: { message: 'the upstream closed the stream before its end' },
    })
  })

  test('usage of start and end is one, with the cache inside the input', () => {
    const events = read(messageStart, messageDelta, { type: 'message_stop' })
    expect(events.find((event) => event.type === 'usage')).toMatchObject({
      usage: { inputTokens: 7, cacheReadTokens: 4, outputTokens: 9 },
    })
    expect(events.slice(-2)).toEqual([
      { type: 'finish', choice: 0, reason: { unified: 'stop', raw: 'stop_sequence', stopSequence: 'END' } },
      { type: 'end' },
    ])
  })

  test('signatures in pieces are joined, missing starts and stops are made up for', () => {
    const events = read(
      messageStart,
      { type: 'content_block_start', index: 0, content_block: { type: 'thinking', thinking: '' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'signature_delta', signature: 'ab' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'signature_delta', signature: 'cd' } },
      { type: 'content_block_stop', index: 0 },
      { type: 'content_block_delta', index: 1, delta: { type: 'text_delta', text: 'hi' } },
      messageDelta,
      { type: 'message_stop' },
    )
    expect(events.map((event) => event.type)).toEqual([
      'response-start',
      'reasoning-start',
      'reasoning-state',
      'reasoning-end',
      'text-start',
      'text-delta',
      'usage',
      'text-end',
      'finish',
      'end',
    ])
    expect(events[2]).toMatchObject({ origin: 'anthropic', signature: 'abcd' })
  })

  test('an unreadable frame or an in-band error ends the stream', () => {
    expect(read(messageStart, '{"type":', messageDelta).map((event) => event.type)).toEqual(['response-start', 'error'])
    expect(
      read(messageStart, { type: 'error', error: { type: 'overloaded_error', message: 'busy' } }, messageDelta).at(-1),
    ).toEqual({ type: 'error', error: { message: 'busy', status: 529, type: 'overloaded_error' } })
  })
})
