import { describe, expect, test } from 'bun:test'
import { endedRequest, watchedSnapshot } from '../../../test/support/ended-request.ts'
import { MetricRegistry } from '../metrics/registry.ts'
import { RequestMetrics } from '../metrics/request-metrics.ts'
import { metricPoints } from './metric-points.ts'

interface Point {
  readonly attributes: readonly { readonly key: string; readonly value: { readonly stringValue?: string } }[]
  readonly asDouble?: number
  readonly bucketCounts?: readonly string[]
  readonly explicitBounds?: readonly number[]
  readonly count?: string
}
interface Exported {
  readonly name: string
  readonly unit: string
  readonly sum?: { readonly aggregationTemporality: number; readonly isMonotonic: boolean; readonly dataPoints: readonly Point[] }
  readonly histogram?: { readonly dataPoints: readonly Point[] }
}

function exported(): Exported[] {
  const registry = new MetricRegistry()
  new RequestMetrics(registry).count(endedRequest(watchedSnapshot()))
  return metricPoints(registry.read(), { start: '1', now: '2' }) as Exported[]
}

const named = (name: string): Exported | undefined => exported().find((metric) => metric.name === name)

describe('metrics over OTLP', () => {
  test('have the names of the GenAI conventions where there are some', () => {
    const input = named('gen_ai.client.inference.usage.input_tokens')
    expect(input).toMatchObject({ unit: '{token}', sum: { aggregationTemporality: 2, isMonotonic: true } })
    expect(input?.sum?.dataPoints).toMatchObject([{ asDouble: 120 }])
    expect(input?.sum?.dataPoints[0]?.attributes.map(({ key, value }) => [key, value.stringValue])).toEqual([
      ['gen_ai.provider.name', 'acme'],
      ['gen_ai.operation.name', 'chat'],
      ['gen_ai.request.model', 'large'],
      ['switchback.target', 'acme/large'],
    ])
    expect(named('gen_ai.client.inference.duration')?.unit).toBe('s')
    expect(named('gen_ai.client.inference.usage.cache_write.input_tokens')?.sum?.dataPoints).toHaveLength(1)
  })

  test('begin with the name of the gateway everywhere else', () => {
    const known = /^(gen_ai\.client\.inference|switchback)\./
    expect(exported().filter(({ name }) => !known.test(name))).toEqual([])
    expect(named('switchback.requests')?.sum?.dataPoints).toMatchObject([{ asDouble: 1 }])
    expect(named('switchback.gateway_overhead')).toMatchObject({ unit: 's' })
  })

  test('have a bucket more than bounds, and counts that are not cumulative', () => {
    const point = named('gen_ai.client.inference.duration')?.histogram?.dataPoints[0]
    expect(point?.bucketCounts).toHaveLength((point?.explicitBounds?.length ?? 0) + 1)
    expect(point?.bucketCounts?.filter((count) => count !== '0')).toEqual(['1'])
    expect(point?.count).toBe('1')
  })
})
