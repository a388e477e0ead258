import { describe, expect, test } from 'bun:test'
import { collect, decodeStream } from './test-support.ts'
import type { SseFrame } from '../../lib/sse-parser.ts'

const frame = (data: Record<string, unknown>): SseFrame => ({ event: String(data['type']), data: JSON.stringify(data) })
const CREATED = frame({ type: 'response.created', response: { id: 'resp_1', model: 'gpt', created_at: 5 } })
const COMPLETED = frame({
  type: 'response.completed',
  response: { id: 'resp_1', status: 'completed', output: [], usage: { input_tokens: 3, output_tokens: 2 } },
})
const CALL = { type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'f', arguments: '' }

const close = (reason: string): SseFrame =>
  frame({
    type: 'response.incomplete',
    response: {
      status: 'incomplete',
      incomplete_details: { reason },
      output: [],
      usage: { input_tokens: 9, output_tokens: 1, input_tokens_details: { cached_tokens: 4 } },
    },
  })

describe('the Responses stream decoder', () => {
  test('takes arguments that only the finishing event of the arguments tells', () => {
    const { response } = collect(
      decodeStream([
        CREATED,
        frame({ type: 'response.output_item.added', output_index: 0, item: CALL }),
        frame({ type: 'response.function_call_arguments.done', output_index: 0, item_id: 'fc_1', arguments: '{"a":1}' }),
        frame({ type: 'response.output_item.done', output_index: 0, item: { ...CALL, arguments: '{"a":1}' } }),
        COMPLETED,
      ]),
    )
    expect(response.choices[0]).toMatchObject({
      content: [{ type: 'tool-call', input: { kind: 'json', text: '{"a":1}' } }],
      finish: { unified: 'tool-calls', raw: 'completed' },
    })
  })

  test('takes a call that only its finished item, or only the closing snapshot, tells', () => {
    const item = { ...CALL, arguments: '{"a":1}' }
    for (const frames of [
      [CREATED, frame({ type: 'response.output_item.done', output_index: 0, item }), COMPLETED],
      [CREATED, frame({ type: 'response.completed', response: { status: 'completed', output: [item] } })],
    ]) {
      const { response } = collect(decodeStream(frames))
      expect(response.choices[0]?.content).toMatchObject([
        { type: 'tool-call', id: 'call_1', name: 'f', input: { text: '{"a":1}' } },
      ])
      expect(response.choices[0]?.finish.unified).toBe('tool-calls')
    }
  })

  test('never repeats what deltas told already', () => {
    const content = [
      {
        type: 'output_text',
        text: 'Hello',
        annotations: [{ type: 'url_citation', url: 'u', title: 't', start_index: 0, end_index: 5 }],
      },
    ]
    const { response } = collect(
      decodeStream([
        CREATED,
        frame({ type: 'response.output_item.added', output_index: 0, item: { type: 'message', id: 'msg_1', content: [] } }),
        frame({
          type: 'response.content_part.added',
          output_index: 0,
          content_index: 0,
          part: { type: 'output_text', text: '' },
        }),
        frame({ type: 'response.output_text.delta', output_index: 0, content_index: 0, delta: 'Hel' }),
        frame({ type: 'response.output_text.delta', output_index: 0, content_index: 0, delta: 'lo' }),
        frame({
          type: 'response.output_text.annotation.added',
          output_index: 0,
          content_index: 0,
          annotation: content[0]?.annotations[0],
        }),
        frame({ type: 'response.output_text.done', output_index: 0, content_index: 0, text: 'Hello' }),
        frame({ type: 'response.content_part.done', output_index: 0, content_index: 0, part: content[0] }),
        frame({ type: 'response.output_item.done', output_index: 0, item: { type: 'message', id: 'msg_1', content } }),
        frame({
          type: 'response.completed',
          response: { status: 'completed', output: [{ type: 'message', id: 'msg_1', content }] },
        }),
      ]),
    )
    expect(response.choices[0]?.content).toMatchObject([{ type: 'text', text: 'Hello', id: 'msg_1', citations: [{ url: 'u' }] }])
    expect(response.choices[0]?.content).toHaveLength(1)
  })

  test('copes with ids that change between the events of one item', () => {
    const { response } = collect(
      decodeStream([
        CREATED,
        frame({ type: 'response.output_item.added', output_index: 0, item: { type: 'message', id: 'a', content: [] } }),
        frame({ type: 'response.output_text.delta', output_index: 0, item_id: 'b', content_index: 0, delta: 'Hi' }),
        frame({
          type: 'response.output_item.done',
          output_index: 0,
          item: { type: 'message', id: 'c', content: [{ type: 'output_text', text: 'Hi' }] },
        }),
        frame({
          type: 'response.completed',
          response: {
            status: 'completed',
            output: [{ type: 'message', id: 'd', content: [{ type: 'output_text', text: 'Hi' }] }],
          },
        }),
      ]),
    )
    expect(response.choices[0]?.content).toMatchObject([{ text: 'Hi' }])
  })

  test('reads usage from an incomplete answer and tells why it stopped', () => {
    const { response } = collect(decodeStream([CREATED, close('max_output_tokens')]))
    expect(response.choices[0]?.finish).toEqual({
      unified: 'length',
      raw: 'incomplete',
      details: { reason: 'max_output_tokens' },
    })
    expect(response.usage).toMatchObject({ inputTokens: 9, cacheReadTokens: 4, outputTokens: 1 })
    expect(collect(decodeStream([CREATED, close('content_filter')])).response.choices[0]?.finish.unified).toBe('content-filter')
  })

  test('tells a failed response and a bare error as errors, with nothing after them', () => {
    const failed = decodeStream([
      CREATED,
      frame({
        type: 'response.failed',
        response: { status: 'failed', error: { code: 'rate_limit_exceeded', message: 'slow down' } },
      }),
      COMPLETED,
    ])
    expect(failed.at(-1)).toEqual({
      type: 'error',
      error: { message: 'slow down', status: 429, type: undefined, code: 'rate_limit_exceeded' },
    })
    expect(failed).toHaveLength(2)
    for (const data of [
      { type: 'error', code: 'server_error', message: 'boom', param: null },
      { type: 'error', error: { code: 'server_error', message: 'boom', type: 'server_error' } },
      { error: { code: 'server_error', message: 'boom' } },
    ]) {
      expect(decodeStream([{ event: undefined, data: JSON.stringify(data) }]).at(-1)).toMatchObject({
        type: 'error',
        error: { message: 'boom', code: 'server_error', status: 500 },
      })
    }
  })

  test('never takes a cut stream for a finished one', () => {
    const events = decodeStream([CREATED, frame({ type: 'response.output_item.added', output_index: 0, item: CALL })])
    expect(events.at(-2)).toEqual({ type: 'tool-call-end', block: 0 })
    expect(events.at(-1)).toMatchObject({ type: 'error', error: { message: 'the upstream closed the stream before its end' } })
  })

  test('stops at a frame that is no JSON', () => {
    const events = decodeStream([CREATED, { event: undefined, data: '{"type":' }, COMPLETED])
    expect(events.map((event) => event.type)).toEqual(['response-start', 'error'])
  })

  test('gives summaries, raw reasoning and encrypted content of one item as one block', () => {
    const events = decodeStream([
      CREATED,
      frame({ type: 'response.output_item.added', output_index: 0, item: { type: 'reasoning', id: 'rs_1', summary: [] } }),
      frame({
        type: 'response.reasoning_summary_part.added',
        output_index: 0,
        summary_index: 0,
        part: { type: 'summary_text', text: '' },
      }),
      frame({ type: 'response.reasoning_summary_text.delta', output_index: 0, summary_index: 0, delta: 'first' }),
      frame({ type: 'response.reasoning_summary_text.done', output_index: 0, summary_index: 0, text: 'first' }),
      frame({ type: 'response.reasoning_text.delta', output_index: 0, content_index: 0, delta: 'raw' }),
      frame({
        type: 'response.output_item.done',
        output_index: 0,
        item: {
          type: 'reasoning',
          id: 'rs_1',
          summary: [
            { type: 'summary_text', text: 'first' },
            { type: 'summary_text', text: 'second' },
          ],
          content: [{ type: 'reasoning_text', text: 'raw' }],
          encrypted_content: 'enc',
        },
      }),
      COMPLETED,
    ])
    expect(collect(events).response.choices[0]?.content).toEqual([
      { type: 'reasoning', id: 'rs_1', summary: ['first', 'second'], text: 'raw', origin: 'responses', encrypted: 'enc' },
    ])
  })

  test('hands on events it does not know, and tells refusals and free-form input', () => {
    const custom = { type: 'custom_tool_call', id: 'ctc_1', call_id: 'call_9', name: 'patch', input: '' }
    const events = decodeStream([
      CREATED,
      frame({ type: 'response.novel.event', value: 1 }),
      frame({ type: 'response.refusal.delta', output_index: 0, content_index: 0, delta: 'no' }),
      frame({ type: 'response.refusal.done', output_index: 0, content_index: 0, refusal: 'no' }),
      frame({ type: 'response.output_item.added', output_index: 1, item: custom }),
      frame({ type: 'response.custom_tool_call_input.delta', output_index: 1, delta: '*** x' }),
      frame({ type: 'response.output_item.done', output_index: 1, item: { ...custom, input: '*** x' } }),
      COMPLETED,
    ])
    expect(events[1]).toMatchObject({ type: 'opaque', format: 'responses', data: { value: 1 } })
    expect(collect(events).response.choices[0]?.content).toMatchObject([
      { type: 'refusal', text: 'no' },
      { type: 'tool-call', id: 'call_9', input: { kind: 'text', text: '*** x' } },
    ])
  })
})
