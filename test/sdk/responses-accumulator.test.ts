import { describe, expect, test } from 'bun:test'
import { accumulateResponse } from 'openai/lib/responses/ResponseAccumulator'
import type { ClientContext } from '../../src/codecs/codec.ts'
import { contextOf, encodeStream, EVERYTHING } from '../../src/codecs/responses/test-support.ts'

/** The output as the official SDK builds it from the events before the closing snapshot, beside that of the snapshot. */
function outputs(context: ClientContext): { accumulated: unknown; closing: unknown } {
  const frames = encodeStream(EVERYTHING, context)
  let snapshot: { output?: unknown } | undefined
  for (const frame of frames.slice(0, -1)) snapshot = accumulateResponse(frame.data as never, snapshot as never)
  return { accumulated: snapshot?.output, closing: (frames.at(-1)!.data['response'] as { output: unknown }).output }
}

describe('the accumulator of the openai SDK', () => {
  test('rebuilds the closing snapshot from the events, interleaved blocks included', () => {
    const { accumulated, closing } = outputs(contextOf())
    expect(accumulated).toEqual(closing)
  })

  test('rebuilds reasoning that is shown as a summary', () => {
    const { accumulated, closing } = outputs(contextOf({ reasoning: { summary: 'auto' } }))
    expect(accumulated).toEqual(closing)
  })

  test('rebuilds emulated custom tools and split namespaces', () => {
    const { accumulated, closing } = outputs(contextOf({ tools: [{ type: 'custom', name: 'get_time' }] }))
    expect(accumulated).toEqual(closing)
  })
})
