import { describe, expect, test } from 'bun:test'
import type { StreamEvent } from '../../ir/stream-event.ts'
import { unwrapState } from '../carrier.ts'
import { collect, contextOf, encodeStream, EVERYTHING, FINISH, REQUEST_ID, START, type EncodedFrame } from './test-support.ts'
import { responsesCodec } from './index.ts'

const types = (frames: readonly EncodedFrame[]): string[] => frames.map((frame) => String(frame.data['type']))
const last = (frames: readonly EncodedFrame[]): Record<string, unknown> =>
  frames.at(-1)?.data['response'] as Record<string, unknown>

describe('the Responses stream encoder', () => {
  test('writes the official order of events for a text', () => {
    const frames = encodeStream([
      START,
      { type: 'text-start', block: 0, choice: 0 },
      { type: 'text-delta', block: 0, text: 'Hi' },
      { type: 'text-end', block: 0 },
      ...FINISH,
    ])
    expect(types(frames)).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ])
    expect(frames[4]?.data).toEqual({
      type: 'response.output_text.delta',
      item_id: `msg_${REQUEST_ID}0000`,
      output_index: 0,
      content_index: 0,
      logprobs: [],
      sequence_number: 4,
      delta: 'Hi',
    })
  })

  test('numbers its events from zero without a gap and names each frame after its type', () => {
    const frames = encodeStream(EVERYTHING)
    expect(frames.map((frame) => frame.data['sequence_number'])).toEqual(frames.map((_, index) => index))
    for (const frame of frames) expect(frame.event).toBe(String(frame.data['type']))
  })

  test('streams the same items as the buffered encoding of the same answer', () => {
    const frames = encodeStream(EVERYTHING)
    const { response } = collect(EVERYTHING)
    const buffered = responsesCodec.encodeResponse(response, contextOf()).value
    const items = last(frames)['output'] as Record<string, unknown>[]
    expect(items).toEqual(buffered['output'] as typeof items)
    expect({ ...last(frames), output: undefined }).toEqual({ ...buffered, output: undefined })
  })

  test('shows reasoning text as a summary to clients that asked for summaries, in both encodings', () => {
    const context = contextOf({ reasoning: { summary: 'auto' } })
    const frames = encodeStream(EVERYTHING, context)
    expect(types(frames)).toContain('response.reasoning_summary_text.delta')
    expect(types(frames)).not.toContain('response.reasoning_text.delta')
    const buffered = responsesCodec.encodeResponse(collect(EVERYTHING).response, context).value
    expect(last(frames)['output']).toEqual(buffered['output'])
  })

  test('wraps reasoning state of another provider and gives it back when the item returns', () => {
    for (const reasoning of [undefined, { summary: 'auto' }]) {
      const frames = encodeStream(EVERYTHING, contextOf({ reasoning }))
      const item = (last(frames)['output'] as Record<string, unknown>[])[0]!
      expect(unwrapState(String(item['encrypted_content']))).toEqual({ origin: 'anthropic', signature: 'c2ln' })
      const { value } = responsesCodec.decodeRequest({ model: 'm', input: [item] })
      expect(value.messages[0]?.content[0]).toMatchObject({
        type: 'reasoning',
        origin: 'anthropic',
        signature: 'c2ln',
        text: 'let me think',
      })
    }
  })

  test('unwraps an emulated custom tool and splits a flattened namespace', () => {
    const context = contextOf({
      tools: [
        { type: 'custom', name: 'apply_patch' },
        {
          type: 'namespace',
          name: 'mcp__docs',
          description: 'd',
          tools: [{ type: 'function', name: 'search', parameters: {}, strict: false }],
        },
      ],
    })
    const events: StreamEvent[] = [
      START,
      { type: 'tool-call-start', block: 0, choice: 0, id: 'call_1', name: 'apply_patch', kind: 'json' },
      { type: 'tool-call-delta', block: 0, text: '{"input":"*** Be' },
      { type: 'tool-call-delta', block: 0, text: 'gin\\n"}' },
      { type: 'tool-call-end', block: 0 },
      { type: 'tool-call-start', block: 1, choice: 0, id: 'call_2', name: 'mcp__docs__search', kind: 'json' },
      { type: 'tool-call-end', block: 1 },
      ...FINISH,
    ]
    const frames = encodeStream(events, context)
    const output = last(frames)['output'] as Record<string, unknown>[]
    expect(output[0]).toMatchObject({ type: 'custom_tool_call', call_id: 'call_1', name: 'apply_patch', input: '*** Begin\n' })
    expect(output[1]).toMatchObject({
      type: 'function_call',
      call_id: 'call_2',
      namespace: 'mcp__docs',
      name: 'search',
      arguments: '{}',
    })
    expect(responsesCodec.encodeResponse(collect(events).response, context).value['output']).toEqual(output)
  })

  test('closes a cut-off answer as incomplete with its usage', () => {
    const frames = encodeStream([START, ...FINISH.slice(0, 1), { type: 'finish', choice: 0, reason: { unified: 'length' } }])
    expect(frames.at(-1)?.event).toBe('response.incomplete')
    expect(last(frames)).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
      usage: { total_tokens: 14 },
    })
  })

  test('tells a failure as response.failed, after creating the response when nothing was said yet', () => {
    const frames = encodeStream([{ type: 'error', error: { message: 'too many requests', status: 429 } }])
    expect(types(frames)).toEqual(['response.created', 'response.in_progress', 'response.failed'])
    expect(last(frames)).toMatchObject({ status: 'failed', error: { code: 'rate_limit_exceeded', message: 'too many requests' } })
  })

  test('keeps the ids of an upstream that speaks this format', () => {
    const events: StreamEvent[] = [
      { type: 'response-start', id: 'resp_abc', model: 'm' },
      { type: 'text-start', block: 0, choice: 0, id: 'msg_abc', phase: 'commentary' },
      { type: 'text-end', block: 0 },
      { type: 'text-start', block: 1, choice: 0, id: 'msg_def', phase: 'final_answer' },
      { type: 'text-end', block: 1 },
      ...FINISH,
    ]
    const response = last(encodeStream(events))
    expect(response).toMatchObject({
      id: 'resp_abc',
      output: [
        { id: 'msg_abc', phase: 'commentary' },
        { id: 'msg_def', phase: 'final_answer' },
      ],
    })
    expect(responsesCodec.encodeResponse(collect(events).response, contextOf()).value).toMatchObject({
      output: response['output'],
    })
  })
})
