import { describe, expect, test } from 'bun:test'
import { attemptSpanId, RequestTraces } from './request-traces.ts'

const ID = 'req_0123456789abc0ffee0000deadbeef99'
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const SPAN = '00f067aa0ba902b7'
const called = (more: Record<string, string> = {}): Headers => new Headers({ traceparent: `00-${TRACE}-${SPAN}-01`, ...more })

describe('a request', () => {
  const traces = new RequestTraces({ sample: 1, propagate: true })

  test('begins a trace with the digits of its id', () => {
    expect(traces.begin(ID, new Headers())).toEqual({
      traceId: '0123456789abc0ffee0000deadbeef99',
      spanId: 'ee0000deadbeef99',
      parentId: undefined,
      sampled: true,
      traceState: undefined,
    })
  })

  test('stands below the span of its caller', () => {
    const context = traces.begin(ID, called({ tracestate: 'vendor=1' }))
    expect(context).toMatchObject({ traceId: TRACE, parentId: SPAN, sampled: true, traceState: 'vendor=1' })
  })

  test('without a valid parent has no state of others either', () => {
    expect(traces.begin(ID, new Headers({ traceparent: 'nonsense', tracestate: 'vendor=1' })).traceState).toBeUndefined()
  })

  test('tells each upstream another span of the same trace', () => {
    const context = traces.begin(ID, called({ tracestate: 'vendor=1' }))
    const sent = [0, 1].map((attempt) => {
      const headers: Record<string, string> = { traceparent: "the caller's own" }
      traces.propagate(context, attempt, headers)
      return headers
    })
    expect(sent).toEqual([
      { traceparent: `00-${TRACE}-ee0000deadbeef9a-01`, tracestate: 'vendor=1' },
      { traceparent: `00-${TRACE}-ee0000deadbeef9b-01`, tracestate: 'vendor=1' },
    ])
  })

  test('tells upstreams nothing where that is not wanted', () => {
    const headers: Record<string, string> = { traceparent: "the caller's own" }
    new RequestTraces({ sample: 1, propagate: false }).propagate(traces.begin(ID, called()), 0, headers)
    expect(headers).toEqual({})
  })
})

test('span ids of attempts go round at their end', () => {
  expect(attemptSpanId('12345678fffffffe', 0)).toBe('12345678ffffffff')
  expect(attemptSpanId('12345678fffffffe', 1)).toBe('1234567800000000')
})

describe('sampling', () => {
  const traces = new RequestTraces({ sample: 0.25, propagate: true })
  const sampled = (digits: string, headers = new Headers()): boolean =>
    traces.begin(`req_${'1'.repeat(24)}${digits}`, headers).sampled

  test('keeps the wanted share of the traces that begin here', () => {
    expect([sampled('00000000'), sampled('3fffffff'), sampled('40000000'), sampled('ffffffff')]).toEqual([
      true,
      true,
      false,
      false,
    ])
  })

  test('follows a caller that has decided', () => {
    expect(sampled('ffffffff', called())).toBe(true)
    expect(sampled('00000000', new Headers({ traceparent: `00-${TRACE}-${SPAN}-00` }))).toBe(false)
  })
})
