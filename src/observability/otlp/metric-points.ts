import type { Histogram } from '../metrics/histogram.ts'
import type { Cell, Metric, Series } from '../metrics/metric-family.ts'
import { otlpAttributes, type AttributeValue, type OtlpAttribute } from './otlp-attributes.ts'
import { semanticProvider } from './request-spans.ts'

/** Counted from the start of the process, as the conventions number it. */
const CUMULATIVE = 2

export interface MetricTimes {
  /** Unix nanoseconds as text. */
  readonly start: string
  readonly now: string
}

/** Metrics in OTLP's JSON. Those that the GenAI conventions know have their names, all others begin with `switchback.`. */
export function metricPoints(metrics: readonly Metric[], times: MetricTimes): unknown[] {
  return metrics.flatMap((metric) => (metric.family.name === TOKENS ? tokenMetrics(metric, times) : [metricOf(metric, times)]))
}

function metricOf(metric: Metric, times: MetricTimes): unknown {
  const { name, unit } = nameOf(metric.family.name)
  const { labels, help: description } = metric.family
  const described = { name, unit, description }
  if (metric.type === 'histogram')
    return {
      ...described,
      histogram: {
        aggregationTemporality: CUMULATIVE,
        dataPoints: Array.from(metric.family.all, (series) => histogramPoint(series, labels, times)),
      },
    }
  const dataPoints = Array.from(metric.family.all, (series) => cellPoint(series, labels, times))
  return metric.type === 'gauge'
    ? { ...described, gauge: { dataPoints } }
    : { ...described, sum: { aggregationTemporality: CUMULATIVE, isMonotonic: true, dataPoints } }
}

/** Tokens are one metric by kind for Prometheus, and one metric a kind in the conventions. */
function tokenMetrics(metric: Metric, times: MetricTimes): unknown[] {
  if (metric.type === 'histogram') return []
  const { all, labels } = metric.family
  const byKind = Map.groupBy(all, ({ values }) => values.at(-1) ?? '')
  return [...byKind].map(([kind, series]) => ({
    name: TOKEN_METRICS[kind] ?? `switchback.tokens.${kind}`,
    unit: '{token}',
    description: `Tokens used: ${kind}.`,
    sum: {
      aggregationTemporality: CUMULATIVE,
      isMonotonic: true,
      dataPoints: series.map((one) => cellPoint(one, labels.slice(0, -1), times)),
    },
  }))
}

const TOKENS = 'switchback_tokens_total'

const USAGE = 'gen_ai.client.inference.usage'
const TOKEN_METRICS: Readonly<Record<string, string>> = {
  input: `${USAGE}.input_tokens`,
  output: `${USAGE}.output_tokens`,
  cache_read: `${USAGE}.cache_read.input_tokens`,
  cache_write: `${USAGE}.cache_write.input_tokens`,
  reasoning: `${USAGE}.reasoning.output_tokens`,
}

const CONVENTIONAL: Readonly<Record<string, string>> = {
  switchback_attempt_duration_seconds: 'gen_ai.client.inference.duration',
  switchback_time_to_first_token_seconds: 'gen_ai.client.inference.time_to_first_chunk',
  process_cpu_seconds_total: 'process.cpu.time',
  process_resident_memory_bytes: 'process.memory.usage',
}

/** Prometheus puts kind and unit into the name; OTLP has fields for them. */
function nameOf(prometheus: string): { readonly name: string; readonly unit: string } {
  const bare = prometheus.replace(/_total$/, '')
  const unit = bare.endsWith('_seconds') ? 's' : bare.endsWith('_bytes') ? 'By' : '1'
  const name = CONVENTIONAL[prometheus] ?? bare.replace(/_(seconds|bytes)$/, '').replace('_', '.')
  return { name, unit }
}

const cellPoint = (series: Series<Cell>, labels: readonly string[], { start, now }: MetricTimes): unknown => ({
  attributes: attributesOf(series, labels),
  startTimeUnixNano: start,
  timeUnixNano: now,
  asDouble: series.cell.value,
})

function histogramPoint(series: Series<Histogram>, labels: readonly string[], { start, now }: MetricTimes): unknown {
  const { bounds, counts, sum, count } = series.cell
  return {
    attributes: attributesOf(series, labels),
    startTimeUnixNano: start,
    timeUnixNano: now,
    count: String(count),
    sum,
    bucketCounts: Array.from(counts, String),
    explicitBounds: bounds,
  }
}

function attributesOf({ values }: Series<unknown>, labels: readonly string[]): OtlpAttribute[] {
  const attributes: Record<string, AttributeValue> = {}
  for (const [index, label] of labels.entries()) {
    const value = values[index] ?? ''
    if (label === 'provider') attributes['gen_ai.provider.name'] = semanticProvider(value)
    else if (label === 'target') {
      attributes['gen_ai.operation.name'] = 'chat'
      attributes['gen_ai.request.model'] = value.slice(value.indexOf('/') + 1)
      attributes['switchback.target'] = value
    } else attributes[`switchback.${label}`] = value
  }
  return otlpAttributes(attributes)
}
