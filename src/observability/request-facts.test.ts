import { describe, expect, test } from 'bun:test'
import { endedAttempt, endedRequest, watchedSnapshot } from '../../test/support/ended-request.ts'
import { RequestFacts } from './request-facts.ts'

const snapshot = watchedSnapshot()
const facts = (isEnabled = true): RequestFacts => new RequestFacts({ isEnabled: () => isEnabled, costOf: () => 12_300_000 })

describe('the line of a request', () => {
  test('tells who served, what it used, what it cost and how long it took', () => {
    const known = facts()
    known.note(endedRequest(snapshot, { requestId: 'a' }))
    expect(known.take('a')).toMatchObject({
      decision: 'coding',
      target: 'acme/large',
      account: 'default',
      streamed: true,
      attempts: 1,
      fallback_cause: undefined,
      input_tokens: 120,
      output_tokens: 11,
      cost_usd: 0.0123,
      first_token_ms: 300,
      overhead_ms: 0.4,
      finish: 'stop',
    })
  })

  test('names what first sent the call elsewhere', () => {
    const known = facts()
    const failed = endedAttempt({ outcome: 'failed', error_code: 'upstream_rate_limited', next: 'next-target' })
    known.note(endedRequest(snapshot, { requestId: 'a', attempts: [failed, endedAttempt({ target_id: 'acme/small' })] }))
    expect(known.take('a')).toMatchObject({ target: 'acme/small', attempts: 2, fallback_cause: 'upstream_rate_limited' })
  })

  test('names what broke a stream that had begun', () => {
    const known = facts()
    known.note(endedRequest(snapshot, { requestId: 'a', errorCode: 'upstream_stream_interrupted' }))
    expect(known.take('a')).toMatchObject({ stream_error: 'upstream_stream_interrupted' })
  })

  test('is written once, and has nothing of what was no call', () => {
    const known = facts()
    known.note(endedRequest(snapshot, { requestId: 'a' }))
    known.take('a')
    expect([known.take('a'), known.take('b')]).toEqual([{}, {}])
  })
})

test('nothing is kept where no line is written, nor without a bound', () => {
  const silent = facts(false)
  silent.note(endedRequest(snapshot, { requestId: 'a' }))
  expect(silent.take('a')).toEqual({})
  const known = facts()
  for (let index = 0; index <= 1_024; index++) known.note(endedRequest(snapshot, { requestId: String(index) }))
  expect([known.take('0'), known.take('1')]).toEqual([{}, expect.objectContaining({ decision: 'coding' })])
})
