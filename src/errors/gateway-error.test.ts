import { describe, expect, test } from 'bun:test'
import { contextWindowExceeded } from './context-window.ts'
import { GatewayError } from './gateway-error.ts'

const refused = (status: number, overflow?: object): GatewayError =>
  new GatewayError('upstream_context_too_long', 'too long', {
    upstream: { status, message: 'theirs' },
    ...(overflow && { overflow }),
  })

describe('an error about a prompt that does not fit', () => {
  test.each([400, 413, 422, 500])('is a 400 for the client when the upstream told it with %d', (status) => {
    expect(refused(status).httpStatus).toBe(400)
  })

  test('keeps only sizes that add up to an overflow', () => {
    expect(refused(400).overflow).toEqual({})
    expect(refused(400, { promptTokens: 9, windowTokens: 8 }).overflow).toEqual({ promptTokens: 9, windowTokens: 8 })
    const sum = { promptTokens: 8, outputTokens: 1, windowTokens: 8 }
    expect(refused(400, sum).overflow).toEqual(sum)
    expect(refused(400, { promptTokens: 8, windowTokens: 8 }).overflow).toEqual({ windowTokens: 8 })
    expect(refused(400, { promptTokens: 8 }).overflow).toEqual({ promptTokens: 8 })
  })

  test('of routing names the sizes, and what to do', () => {
    const error = contextWindowExceeded('fast', { promptTokens: 300_000, outputTokens: 4_000, windowTokens: 200_000 })
    expect(error).toMatchObject({ code: 'context_window_exceeded', httpStatus: 400 })
    expect(error.message).toBe(
      'The prompt of about 300000 tokens, with 4000 tokens kept for the answer, fits into the context of no target of route "fast". The largest takes 200000 tokens. Shorten the conversation.',
    )
    expect(contextWindowExceeded('fast', {}).message).toStartWith('The prompt fits into the context of no target')
  })

  test('goes into a stream with its sizes, other errors without', () => {
    expect(refused(413, { windowTokens: 8 }).asStreamFailure).toEqual({
      message: 'theirs',
      status: 400,
      type: undefined,
      code: undefined,
      overflow: { windowTokens: 8 },
    })
    expect(new GatewayError('internal', 'secret path').asStreamFailure).toEqual({
      message: 'The gateway failed internally.',
      status: 500,
      type: undefined,
      code: undefined,
    })
  })
})
