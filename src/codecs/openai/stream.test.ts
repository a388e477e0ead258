import { describe, expect, test } from 'bun:test'
import type { LlmRequest } from '../../ir/request.ts'
import type { LlmResponse } from '../../ir/response.ts'
import type { StreamEvent } from '../../ir/stream-event.ts'
import { unwrapState } from '../carrier.ts'
import type { ClientContext } from '../codec.ts'
import { ResponseCollector } from '../collect.ts'
import { openaiCodec } from './index.ts'

type Json = Record<string, unknown>

const chunk = (delta: Json, more: Json = {}, choice: Json = {}): Json => ({
  id: 'chatcmpl-1',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'm',
  choices: [{ index: 0, delta, ...choice }],
  ...more,
})
const finish = (reason: string, more: Json = {}): Json => chunk({}, more, { finish_reason: reason })

function decode(chunks: (Json | string)[]): StreamEvent[] {
  const decoder = openaiCodec.createStreamDecoder()
  const events: StreamEvent[] = []
  for (const item of chunks)
    decoder.push({ event: undefined, data: typeof item === 'string' ? item : JSON.stringify(item) }, (event) =>
      events.push(event),
    )
  decoder.end((event) => events.push(event))
  return events
}

function collect(chunks: (Json | string)[]): LlmResponse {
  const collector = new ResponseCollector()
  for (const event of decode(chunks)) collector.push(event)
  return collector.finish()
}

function context(request: Partial<LlmRequest> = {}): ClientContext {
  return {
    requestId: '0'.repeat(32),
    model: 'route',
    createdAt: 7,
    request: { model: 'route', messages: [], sampling: {}, stream: true, ...request },
  }
}

function encode(events: StreamEvent[], request: Partial<LlmRequest> = {}): Json[] {
  const encoder = openaiCodec.createStreamEncoder(context(request))
  const frames: string[] = []
  for (const event of events) encoder.write(event, (_event, data) => frames.push(data))
  if (!events.some((event) => event.type === 'error')) {
    encoder.end((_event, data) => frames.push(data))
    expect(frames.pop()).toBe('[DONE]')
  }
  return frames.map((frame) => JSON.parse(frame) as Json)
}

const deltas = (frames: Json[]): Json[] =>
  frames.flatMap((frame) => (frame['choices'] as { delta: Json }[]).map((choice) => choice.delta))
const calls = (response: LlmResponse): unknown[] =>
  response.choices[0]?.content.filter((part) => part.type === 'tool-call').map((part) => [part.id, part.name, part.input]) ?? []

const callIdOf = (answer: string) =>
  (
    calls(
      collect([
        { ...chunk({ tool_calls: [{ index: 0, function: { name: 'f', arguments: '{}' } }] }), id: answer },
        finish('stop'),
      ]),
    )[0] as string[]
  )[0]

const contentOf = (...list: Json[]) => collect([...list.map((delta) => chunk(delta)), finish('stop')]).choices[0]?.content

describe('streams of servers that deviate', () => {
  test('tool calls without an index are told apart by their ids', () => {
    const response = collect([
      chunk({ tool_calls: [{ id: 'a', function: { name: 'f', arguments: '{"x"' } }] }),
      chunk({ tool_calls: [{ function: { arguments: ':1}' } }] }),
      chunk({ tool_calls: [{ id: 'b', function: { name: 'g', arguments: '{}' } }] }),
      finish('tool_calls'),
      '[DONE]',
    ])
    expect(calls(response)).toEqual([
      ['a', 'f', { kind: 'json', text: '{"x":1}' }],
      ['b', 'g', { kind: 'json', text: '{}' }],
    ])
  })

  test('calls may share an index, start at 1, interleave, repeat ids, and name themselves late', () => {
    expect(
      calls(
        collect([
          chunk({ tool_calls: [{ index: 0, id: 'a', function: { name: 'f', arguments: '{}' } }] }),
          chunk({ tool_calls: [{ index: 0, id: 'b', function: { name: 'g', arguments: '{}' } }] }),
          finish('stop'),
        ]),
      ),
    ).toHaveLength(2)
    expect(
      calls(
        collect([
          chunk({
            tool_calls: [
              { index: 1, id: 'a', function: { arguments: '' } },
              { index: 2, id: 'b', function: { name: 'g', arguments: '{"b"' } },
            ],
          }),
          chunk({ tool_calls: [{ index: 1, id: 'a', function: { name: 'f', arguments: '{"a"' } }] }),
          chunk({ tool_calls: [{ index: 2, id: 'b', function: { arguments: ':2}' } }] }),
          chunk({ tool_calls: [{ index: 1, function: { arguments: ':1}' } }] }),
          finish('tool_calls'),
        ]),
      ),
    ).toEqual([
      ['b', 'g', { kind: 'json', text: '{"b":2}' }],
      ['a', 'f', { kind: 'json', text: '{"a":1}' }],
    ])
  })

  test('a call without an id gets one that depends on the answer', () => {
    expect(callIdOf('x')).toMatch(/^call_[0-9a-f]{24}$/)
    expect(callIdOf('x')).toBe(callIdOf('x') as string)
    expect(callIdOf('x')).not.toBe(callIdOf('y'))
  })

  test('old function_call deltas and custom tool calls are calls', () => {
    expect(
      calls(
        collect([
          chunk({ function_call: { name: 'f', arguments: '{"a"' } }),
          chunk({ function_call: { arguments: ':1}' } }),
          finish('function_call'),
        ]),
      ),
    ).toMatchObject([[expect.any(String), 'f', { kind: 'json', text: '{"a":1}' }]])
    expect(
      calls(
        collect([
          chunk({ tool_calls: [{ index: 0, id: 'a', type: 'custom', custom: { name: 'p', input: '' } }] }),
          chunk({ tool_calls: [{ index: 0, custom: { input: 'x y' } }] }),
          finish('tool_calls'),
        ]),
      ),
    ).toEqual([['a', 'p', { kind: 'text', text: 'x y' }]])
  })

  test('content in a list, thinking parts included, is text and reasoning', () => {
    const response = collect([
      chunk({ content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] }] }),
      chunk({ content: [{ type: 'text', text: 'a' }] }),
      chunk({ content: 'b' }),
      finish('stop'),
    ])
    expect(response.choices[0]?.content).toEqual([
      { type: 'reasoning', text: 'hm' },
      { type: 'text', text: 'ab' },
    ])
  })

  test('reasoning is found in each of its fields, and not twice', () => {
    expect(contentOf({ reasoning_content: 'a' }, { reasoning_content: 'b', content: '' }, { content: 'c' })).toEqual([
      { type: 'reasoning', text: 'ab' },
      { type: 'text', text: 'c' },
    ])
    expect(contentOf({ reasoning: 'a', reasoning_content: 'a' }, { content: 'c' })).toEqual([
      { type: 'reasoning', text: 'a' },
      { type: 'text', text: 'c' },
    ])
    expect(
      contentOf(
        { reasoning: 'a', reasoning_details: [{ type: 'reasoning.text', text: 'a', index: 0 }] },
        {
          reasoning_details: [
            { type: 'reasoning.text', text: 'b', index: 0, signature: 's' },
            { type: 'reasoning.encrypted', data: 'z' },
          ],
        },
        { content: 'c' },
      ),
    ).toEqual([
      {
        type: 'reasoning',
        text: 'ab',
        origin: 'openai',
        details: [
          { type: 'reasoning.text', text: 'ab', index: 0, signature: 's' },
          { type: 'reasoning.encrypted', data: 'z' },
        ],
      },
      { type: 'text', text: 'c' },
    ])
  })

  test('usage is found wherever it stands, and reasoning always counts as output', () => {
    const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 }
    for (const list of [
      [finish('stop', { usage })],
      [finish('stop'), { ...chunk({}), choices: [], usage }],
      [finish('stop', { x_groq: { usage } })],
      [chunk({}, {}, { finish_reason: 'stop', usage })],
    ]) {
      expect(collect(list).usage).toMatchObject({ inputTokens: 10, outputTokens: 5 })
    }
    expect(collect([finish('stop', { usage: { ...usage, cached_tokens: 4 } })]).usage?.cacheReadTokens).toBe(4)
    expect(
      collect([
        finish('stop', {
          usage: {
            prompt_tokens: 10,
            completion_tokens: 5,
            total_tokens: 22,
            completion_tokens_details: { reasoning_tokens: 7 },
          },
        }),
      ]).usage?.outputTokens,
    ).toBe(12)
  })

  test('an error of null is harmless, any other ends the stream', () => {
    expect(decode([{ ...chunk({ content: 'a' }), error: null }, finish('stop'), '[DONE]']).at(-1)).toEqual({ type: 'end' })
    const events = decode([
      chunk({ content: 'a' }),
      { error: { message: 'too much', type: 'overloaded', code: 529 } },
      chunk({ content: 'b' }),
    ])
    expect(events.at(-1)).toEqual({ type: 'error', error: { message: 'too much', type: 'overloaded', code: '529', status: 529 } })
    expect(decode(['{"object":"error","message":"bad","code":400}']).at(-1)).toMatchObject({
      type: 'error',
      error: { message: 'bad' },
    })
    expect(decode(['{"cut']).at(-1)?.type).toBe('error')
  })

  test('a stream is whole with a finish reason or [DONE], and an error without both', () => {
    expect(decode([chunk({ content: 'a' })]).at(-1)).toEqual({
      type: 'error',
      error: { message: 'the upstream closed the stream before its end' },
    })
    expect(decode([chunk({ content: 'a' }), finish('stop')]).at(-1)).toEqual({ type: 'end' })
    expect(decode([chunk({ content: 'a' }), '[DONE]']).at(-1)).toEqual({ type: 'end' })
    expect(decode([]).at(-1)?.type).toBe('error')
  })

  test('refusals, annotations, probabilities, choices, audio, pictures and unknown fields arrive', () => {
    const token = { token: 'a', logprob: -1, bytes: null, top_logprobs: [] }
    const annotation = { type: 'url_citation', url_citation: { url: 'https://x', title: 't', start_index: 0, end_index: 1 } }
    const events = decode([
      chunk({ content: 'a' }, { system_fingerprint: 'fp' }, { logprobs: { content: [token], refusal: null } }),
      chunk({ annotations: [annotation] }),
      chunk({ novel: 1 }),
      { ...chunk({}), choices: [{ index: 1, delta: { refusal: 'no' } }] },
      chunk({ audio: { id: 'au', data: btoa('ab'), transcript: 'x' } }),
      chunk({ audio: { data: btoa('c'), expires_at: 9 } }),
      chunk({ images: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AA' } }] }),
      finish('stop'),
      '[DONE]',
    ])
    const collector = new ResponseCollector()
    for (const event of events) collector.push(event)
    const response = collector.finish()
    expect(response.extra).toEqual({ format: 'openai', fields: { system_fingerprint: 'fp' } })
    expect(response.choices[1]?.content).toEqual([{ type: 'refusal', text: 'no' }])
    expect(response.choices[0]?.content).toMatchObject([
      {
        type: 'text',
        text: 'a',
        logprobs: { format: 'openai', value: [token] },
        citations: [{ kind: 'url', url: 'https://x', raw: annotation }],
      },
      { type: 'image', source: { kind: 'base64', mediaType: 'image/png', data: 'AA' } },
      { type: 'audio', id: 'au', transcript: 'x', expiresAt: 9, source: { data: btoa('abc') } },
    ])
    expect(events).toContainEqual({ type: 'opaque', format: 'openai', event: 'delta', data: { index: 0, delta: { novel: 1 } } })
  })

  test('a stop after tool calls is a finish for tool calls, in both kinds of answer', () => {
    const call = { index: 0, id: 'a', function: { name: 'f', arguments: '{}' } }
    expect(collect([chunk({ tool_calls: [call] }), finish('stop')]).choices[0]?.finish).toEqual({
      unified: 'tool-calls',
      raw: 'stop',
    })
    const whole = openaiCodec.decodeResponse({ choices: [{ index: 0, message: { tool_calls: [call] }, finish_reason: 'stop' }] })
    expect(whole.value.choices[0]?.finish).toEqual({ unified: 'tool-calls', raw: 'stop' })
  })
})

describe('streams to clients', () => {
  const start: StreamEvent = { type: 'response-start', id: 'msg_1', model: 'claude' }
  const stop: StreamEvent = { type: 'finish', choice: 0, reason: { unified: 'stop' } }

  test('start with the role, end with the reason, and tell usage only when asked', () => {
    const events: StreamEvent[] = [
      start,
      { type: 'text-start', block: 0, choice: 0 },
      { type: 'text-delta', block: 0, text: 'a"b' },
      { type: 'text-end', block: 0 },
      stop,
      { type: 'usage', usage: { inputTokens: 3, outputTokens: 2, cacheReadTokens: 1 } },
      { type: 'end' },
    ]
    const head = { id: `chatcmpl-${'0'.repeat(32)}`, object: 'chat.completion.chunk', created: 7, model: 'route' }
    const of = (delta: Json, reason: string | null = null) => ({
      ...head,
      choices: [{ index: 0, delta, logprobs: null, finish_reason: reason }],
    })
    const plain = [of({ role: 'assistant', content: '', refusal: null }), of({ content: 'a"b' }), of({}, 'stop')]
    expect(encode(events)).toEqual(plain)
    const usage = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5, prompt_tokens_details: { cached_tokens: 1 } }
    expect(encode(events, { includeUsage: true })).toEqual([
      ...plain.map((frame) => ({ ...frame, usage: null })),
      { ...head, choices: [], usage },
    ])
  })

  test('number tool calls from zero, whatever the blocks', () => {
    const events: StreamEvent[] = [
      start,
      { type: 'tool-call-start', block: 3, choice: 0, id: 'a', name: 'f', kind: 'json' },
      { type: 'tool-call-start', block: 5, choice: 0, id: 'b', name: 'g', kind: 'json' },
      { type: 'tool-call-delta', block: 5, text: '{}' },
      { type: 'tool-call-delta', block: 3, text: '{"a":1}' },
      { type: 'tool-call-end', block: 3 },
      { type: 'tool-call-end', block: 5 },
      { type: 'finish', choice: 0, reason: { unified: 'tool-calls' } },
    ]
    expect(deltas(encode(events)).slice(1)).toEqual([
      { tool_calls: [{ index: 0, id: 'a', type: 'function', function: { name: 'f', arguments: '' } }] },
      { tool_calls: [{ index: 1, id: 'b', type: 'function', function: { name: 'g', arguments: '' } }] },
      { tool_calls: [{ index: 1, function: { arguments: '{}' } }] },
      { tool_calls: [{ index: 0, function: { arguments: '{"a":1}' } }] },
      {},
    ])
  })

  test('give an emulated custom tool back its free-form input', () => {
    const events: StreamEvent[] = [
      start,
      { type: 'tool-call-start', block: 0, choice: 0, id: 'a', name: 'patch', kind: 'json' },
      { type: 'tool-call-delta', block: 0, text: '{"input":' },
      { type: 'tool-call-delta', block: 0, text: '"x\\ny"}' },
      { type: 'tool-call-end', block: 0 },
    ]
    expect(deltas(encode(events, { tools: [{ type: 'custom', name: 'patch' }] })).slice(1, 3)).toEqual([
      { tool_calls: [{ index: 0, id: 'a', type: 'custom', custom: { name: 'patch', input: '' } }] },
      { tool_calls: [{ index: 0, custom: { input: 'x\ny' } }] },
    ])
  })

  test('wrap foreign opaque state with its text, and pass details of servers on', () => {
    const frames = encode([
      start,
      { type: 'reasoning-start', block: 0, choice: 0 },
      { type: 'reasoning-delta', block: 0, text: 'a', form: 'text' },
      { type: 'reasoning-delta', block: 0, text: 'b', form: 'text' },
      { type: 'reasoning-state', block: 0, origin: 'anthropic', signature: 'sig' },
      { type: 'reasoning-end', block: 0 },
      { type: 'reasoning-start', block: 1, choice: 0 },
      { type: 'reasoning-state', block: 1, origin: 'openai', details: [{ type: 'reasoning.text', text: 'x' }] },
      { type: 'reasoning-end', block: 1 },
    ])
    const [first, second, wrapped, verbatim] = deltas(frames).slice(1) as [Json, Json, { reasoning_details: Json[] }, Json]
    expect([first, second]).toEqual([{ reasoning_content: 'a' }, { reasoning_content: 'b' }])
    expect(wrapped.reasoning_details[0]).toMatchObject({ type: 'reasoning.text', text: 'ab', index: 0 })
    expect(unwrapState(wrapped.reasoning_details[0]?.['signature'] as string)).toEqual({ origin: 'anthropic', signature: 'sig' })
    expect(verbatim).toEqual({ reasoning_details: [{ type: 'reasoning.text', text: 'x' }] })
  })

  test('put citations without offsets around the text they stand in', () => {
    const frames = encode([
      start,
      { type: 'text-start', block: 0, choice: 0 },
      { type: 'text-delta', block: 0, text: 'abc' },
      { type: 'text-end', block: 0 },
      { type: 'text-start', block: 1, choice: 0 },
      { type: 'citation', block: 1, citation: { kind: 'url', url: 'https://x', title: 't', origin: 'anthropic', raw: {} } },
      { type: 'text-delta', block: 1, text: 'de' },
      { type: 'text-end', block: 1 },
    ])
    expect(deltas(frames).find((delta) => delta['annotations'] !== undefined)).toEqual({
      annotations: [{ type: 'url_citation', url_citation: { start_index: 3, end_index: 5, url: 'https://x', title: 't' } }],
    })
  })

  test('tell a failure in-band and end there', () => {
    expect(encode([start, { type: 'error', error: { message: 'broken', type: 'overloaded', code: 'c' } }]).at(-1)).toEqual({
      error: { message: 'broken', type: 'overloaded', param: null, code: 'c' },
    })
  })

  test('are the same answer when they come from this format', () => {
    const source = [
      chunk({ role: 'assistant', content: '' }, { system_fingerprint: 'fp', service_tier: 'default' }),
      chunk({ reasoning_content: 'hm' }),
      chunk({ content: 'a' }),
      chunk({ novel: { x: 1 } }),
      chunk({ tool_calls: [{ index: 0, id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }] }),
      finish('tool_calls', { citations: ['https://x'] }),
      '[DONE]',
    ]
    const again = encode(decode(source))
    expect(collect([...again, '[DONE]'])).toEqual({ ...collect(source), model: 'route' })
    expect(again.every((frame) => frame['system_fingerprint'] === 'fp' || frame === again[0])).toBe(true)
  })

  test('keep a tier of service to themselves that is not in the official list', () => {
    expect(
      encode([
        start,
        { type: 'metadata', format: 'openai', fields: { service_tier: 'on_demand', system_fingerprint: 'fp' } },
        stop,
      ]).at(-1),
    ).not.toHaveProperty('service_tier')
    const { value, diagnostics } = openaiCodec.encodeResponse(
      { choices: [], extra: { format: 'openai', fields: { service_tier: 'on_demand' } } },
      context(),
    )
    expect(value).not.toHaveProperty('service_tier')
    expect(diagnostics).toMatchObject([{ severity: 'lost', code: 'extension', path: '/service_tier' }])
  })
})

const details = (text: string, signature?: string): Json[] => [
  { type: 'reasoning.text', index: 0, text, ...(signature === undefined ? {} : { signature }) },
]

describe('a streamed and a whole answer', () => {
  test('are the same, field by field', () => {
    const usage = {
      prompt_tokens: 9,
      completion_tokens: 3,
      total_tokens: 16,
      prompt_tokens_details: { cached_tokens: 4 },
      completion_tokens_details: { reasoning_tokens: 4 },
    }
    const more = { system_fingerprint: 'fp', service_tier: 'flex', citations: ['https://x'] }
    const streamed = collect([
      chunk({ role: 'assistant', reasoning: 'h', reasoning_details: details('h') }, more),
      chunk({ reasoning: 'm', reasoning_details: details('m', 's') }, more),
      chunk({ content: 'a' }, more),
      chunk({ content: 'b' }, more),
      chunk({ tool_calls: [{ index: 0, id: 'c', type: 'function', function: { name: 'f', arguments: '{"x":' } }] }),
      chunk({ tool_calls: [{ index: 0, function: { arguments: '1}' } }] }),
      finish('tool_calls', more),
      { ...chunk({}, { usage, ...more }), choices: [] },
      '[DONE]',
    ])
    const message = {
      role: 'assistant',
      content: 'ab',
      refusal: null,
      reasoning: 'hm',
      reasoning_details: details('hm', 's'),
      tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{"x":1}' } }],
    }
    const whole = openaiCodec.decodeResponse({
      id: 'chatcmpl-1',
      object: 'chat.completion',
      created: 1,
      model: 'm',
      choices: [{ index: 0, message, logprobs: null, finish_reason: 'tool_calls' }],
      usage,
      ...more,
    })
    expect(whole.diagnostics).toEqual([])
    expect(streamed).toEqual(whole.value)
    expect(streamed.usage).toMatchObject({ inputTokens: 9, outputTokens: 7, serviceTier: 'flex' })
  })
})
