import { describe, expect, test } from 'bun:test'
import { endedAttempt, endedRequest, watchedSnapshot } from '../../../test/support/ended-request.ts'
import { RequestTraces } from '../tracing/request-traces.ts'
import { requestSpans, type OtlpSpan } from './request-spans.ts'

const snapshot = watchedSnapshot()
const traces = new RequestTraces({ sample: 1, propagate: true })

/** Attributes as a plain object, with integers as their text. */
const plain = (span: OtlpSpan | undefined): Record<string, unknown> =>
  Object.fromEntries((span?.attributes ?? []).map(({ key, value }) => [key, Object.values(value as object)[0]]))

const spansOf = (overrides: Parameters<typeof endedRequest>[1] = {}): OtlpSpan[] => {
  const request = endedRequest(snapshot, overrides)
  return requestSpans(request, traces.begin(request.requestId, new Headers()))
}

describe('the spans of a request', () => {
  test('are one of the gateway and one below it for each attempt', () => {
    const [request, first, second, ...more] = spansOf({
      attempts: [
        endedAttempt({
          outcome: 'failed',
          error_code: 'upstream_timeout',
          error_category: 'timeout',
          next: 'next-target',
          latency_ms: 100,
        }),
        endedAttempt({ target_id: 'acme/small', model: 'small', started_ms: 101, latency_ms: 850 }),
      ],
    })
    expect(more).toEqual([])
    expect(request).toMatchObject({ name: 'generate coding', kind: 2, parentSpanId: undefined, status: {} })
    expect(first).toMatchObject({
      name: 'chat large',
      kind: 3,
      parentSpanId: request?.spanId,
      status: { code: 2, message: 'upstream_timeout' },
    })
    expect(second).toMatchObject({ name: 'chat small', kind: 3, parentSpanId: request?.spanId, status: {} })
    expect(new Set([request, first, second].map((span) => span?.spanId)).size).toBe(3)
    expect(second?.startTimeUnixNano).toBe('1700000000101000000')
    expect(second?.endTimeUnixNano).toBe('1700000000951000000')
  })

  test('carry the attributes of the GenAI conventions', () => {
    const [, attempt] = spansOf({ sessionId: 'session-1' })
    expect(plain(attempt)).toMatchObject({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'acme',
      'gen_ai.request.model': 'large',
      'gen_ai.request.stream': true,
      'gen_ai.request.max_tokens': '100',
      'gen_ai.conversation.id': 'session-1',
      'gen_ai.response.model': 'large-2026',
      'gen_ai.response.time_to_first_chunk': 0.2996,
      'gen_ai.usage.input_tokens': '120',
      'gen_ai.usage.output_tokens': '11',
      'gen_ai.usage.cache_read.input_tokens': '100',
      'gen_ai.usage.cache_write.input_tokens': '5',
      'gen_ai.usage.reasoning.output_tokens': '3',
    })
  })

  test('name usage once, at the attempt that served', () => {
    const failed = endedAttempt({ outcome: 'failed', error_code: 'upstream_overloaded', next: 'next-target' })
    const spans = spansOf({ attempts: [failed, endedAttempt({ started_ms: 5 })] })
    expect(spans.map((span) => plain(span)['gen_ai.usage.input_tokens'])).toEqual([undefined, undefined, '120'])
  })

  test('number attempts as they began, as upstreams were told, not as they ended', () => {
    const headers: Record<string, string> = {}
    const request = endedRequest(snapshot, {
      attempts: [
        endedAttempt({
          target_id: 'acme/small',
          started_ms: 150,
          latency_ms: 10,
          outcome: 'failed',
          error_code: 'upstream_timeout',
        }),
        endedAttempt({ started_ms: 1 }),
      ],
    })
    const trace = traces.begin(request.requestId, new Headers())
    traces.propagate(trace, 1, headers)
    const hedge = requestSpans(request, trace).find((span) => plain(span)['switchback.target'] === 'acme/small')
    expect(headers['traceparent']).toContain(hedge?.spanId ?? 'none')
  })

  test("are no errors of the gateway for a client's own mistake, and are for what broke in a stream", () => {
    expect(spansOf({ status: 404, errorCode: 'model_not_found', attempts: [] })[0]).toMatchObject({ status: {} })
    expect(spansOf({ status: 503, errorCode: 'all_targets_unavailable', attempts: [] })[0]?.status.code).toBe(2)
    expect(spansOf({ status: 200, errorCode: 'upstream_stream_interrupted' })[0]?.status.code).toBe(2)
  })

  test('keep names that callers make up out of their names', () => {
    const [request] = spansOf({ plan: { route: 'models:a,b,c', strategy: 's' } })
    expect(request?.name).toBe('generate models')
  })
})
