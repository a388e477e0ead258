import { describe, expect, test } from 'bun:test'
import { endedRequest, watchedSnapshot } from '../../../test/support/ended-request.ts'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import { silentLogger } from '../logger.ts'
import { RequestTraces } from '../tracing/request-traces.ts'
import type { OtlpOutcome } from './otlp-sender.ts'
import { SpanExporter } from './span-exporter.ts'

const snapshot = watchedSnapshot()
const traces = new RequestTraces({ sample: 1, propagate: true })
const TAKEN: OtlpOutcome = { kind: 'taken', rejected: 0 }
const DOWN: OtlpOutcome = { kind: 'unavailable', reason: 'upstream_connect_failed' }

/** A collector whose answers the test decides. */
class FakeCollector {
  readonly clock = new ManualClock()
  readonly bodies: { resourceSpans: { scopeSpans: { spans: unknown[] }[] }[] }[] = []
  readonly warnings: string[] = []
  answer: OtlpOutcome | Promise<OtlpOutcome> = TAKEN
  readonly exporter: SpanExporter
  private count = 0

  constructor(maxQueued = 1_000) {
    this.exporter = new SpanExporter({
      clock: this.clock,
      logger: { ...silentLogger, warn: (facts, message) => void this.warnings.push(`${message} ${JSON.stringify(facts)}`) },
      sender: {
        send: async (body) => {
          this.bodies.push(JSON.parse(body) as FakeCollector['bodies'][number])
          return this.answer
        },
      },
      resource: '{"attributes":[]}',
      scope: '{"name":"switchback"}',
      maxQueued,
    })
  }

  take(requests: number, headers = new Headers()): void {
    for (let index = 0; index < requests; index++) {
      const requestId = `req_${(++this.count).toString(16).padStart(32, '0')}`
      this.exporter.take(endedRequest(snapshot, { requestId, trace: traces.begin(requestId, headers) }))
    }
  }

  /** Spans of requests that reached the collector, an entry an export. */
  get received(): number[] {
    return this.bodies.map(({ resourceSpans }) => (resourceSpans[0]?.scopeSpans[0]?.spans.length ?? 0) / 2)
  }
}

describe('spans', () => {
  test('go out together, soon', async () => {
    const collector = new FakeCollector()
    collector.take(3)
    expect(collector.received).toEqual([])
    await collector.clock.advance(2_000)
    expect(collector.received).toEqual([3])
    await collector.clock.advance(10_000)
    expect(collector.received).toEqual([3])
    expect(collector.clock.pending).toBe(0)
  })

  test('go out in batches, one after the other, when many come', async () => {
    const collector = new FakeCollector()
    collector.take(600)
    await collector.clock.advance(4_000)
    expect(collector.received).toEqual([256, 256, 88])
  })

  test('of a trace that is not sampled stay here', async () => {
    const collector = new FakeCollector()
    collector.take(1, new Headers({ traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-00` }))
    await collector.clock.advance(5_000)
    expect(collector.received).toEqual([])
  })

  test('wait while the collector is down, with growing pauses, and it is told once', async () => {
    const collector = new FakeCollector()
    collector.answer = DOWN
    collector.take(2)
    await collector.clock.advance(60_000)
    expect(collector.bodies.length).toBeLessThan(8)
    expect(collector.warnings).toHaveLength(1)
    expect(collector.warnings[0]).toContain('upstream_connect_failed')
    collector.answer = TAKEN
    await collector.clock.advance(60_000)
    expect(collector.received.at(-1)).toBe(2)
    expect(collector.warnings).toHaveLength(2)
    expect(collector.warnings[1]).toContain('exported again {"lost":0}')
  })

  test('are bounded: what does not fit is lost and counted', async () => {
    const collector = new FakeCollector(10)
    collector.answer = DOWN
    collector.take(1)
    await collector.clock.advance(2_000)
    collector.take(50)
    collector.answer = TAKEN
    await collector.clock.advance(10_000)
    expect(collector.received.at(-1)).toBe(10)
    expect(collector.warnings.at(-1)).toContain('{"lost":41}')
  })

  test('that the collector refuses for good are not sent again', async () => {
    const collector = new FakeCollector()
    collector.answer = { kind: 'refused', reason: 'status 400' }
    collector.take(1)
    await collector.clock.advance(10_000)
    collector.take(1)
    await collector.clock.advance(10_000)
    expect(collector.received).toEqual([1, 1])
    expect(collector.warnings).toHaveLength(1)
  })

  test('that are left go out at the end', async () => {
    const collector = new FakeCollector()
    collector.take(1)
    await collector.exporter.close()
    expect(collector.received).toEqual([1])
  })
})
