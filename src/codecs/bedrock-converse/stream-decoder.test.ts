import { expect, test } from 'bun:test'
import type { StreamEvent } from '../../ir/stream-event.ts'
import { ResponseCollector } from '../collect.ts'
import { ConverseStreamDecoder } from './stream-decoder.ts'

type Frame = readonly [event: string, data: unknown]

function read(...frames: readonly Frame[]): StreamEvent[] {
  const decoder = new ConverseStreamDecoder()
  const events: StreamEvent[] = []
  const emit = (event: StreamEvent): void => void events.push(event)
  for (const [event, data] of frames) decoder.push({ event, data: JSON.stringify(data) }, emit)
  decoder.end(emit)
  return events
}

const contentOf = (events: readonly StreamEvent[]): unknown => {
  const collector = new ResponseCollector()
  for (const event of events) collector.push(event)
  return collector.finish().choices[0]?.content
}

const START: Frame = ['messageStart', { role: 'assistant' }]
const STOP: Frame = ['messageStop', { stopReason: 'end_turn' }]

test('a start that says nothing of its block leaves it to the first delta', () => {
  const events = read(
    START,
    ['contentBlockStart', { contentBlockIndex: 0, start: {} }],
    ['contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'Se' } }],
    ['contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'ven.' } }],
    ['contentBlockStop', { contentBlockIndex: 0 }],
    ['contentBlockStart', { contentBlockIndex: 1 }],
    ['contentBlockDelta', { contentBlockIndex: 1, delta: { text: '!' } }],
    STOP,
  )
  expect(contentOf(events)).toEqual([
    { type: 'text', text: 'Seven.' },
    { type: 'text', text: '!' },
  ])
})

test('a call without arguments has none', () => {
  const events = read(
    START,
    ['contentBlockStart', { contentBlockIndex: 0, start: { toolUse: { toolUseId: 't1', name: 'now' } } }],
    ['contentBlockStop', { contentBlockIndex: 0 }],
    ['messageStop', { stopReason: 'tool_use' }],
  )
  expect(contentOf(events)).toMatchObject([{ type: 'tool-call', id: 't1', name: 'now' }])
  expect(events).toContainEqual({ type: 'tool-call-delta', block: 0, text: '{}' })
})

test.each<[string, Frame]>([
  ['no index', ['contentBlockDelta', { delta: { text: 'x' } }]],
  ['no delta', ['contentBlockDelta', { contentBlockIndex: 0 }]],
  ['no object', ['contentBlockDelta', 7]],
])('a frame with %s breaks the stream off, once', (_what, frame) => {
  const events = read(START, frame, STOP)
  expect(events.filter(({ type }) => type === 'error')).toHaveLength(1)
  expect(events.at(-1)?.type).toBe('error')
})
