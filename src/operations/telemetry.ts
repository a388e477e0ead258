import { randomUUID } from 'node:crypto'
import type { Clock } from '../lib/clock.ts'
import type { EndedRequestListener } from '../observability/ended-request.ts'
import type { Logger } from '../observability/logger.ts'
import type { Metric } from '../observability/metrics/metric-family.ts'
import { MetricExporter } from '../observability/otlp/metric-exporter.ts'
import { otlpAttributes } from '../observability/otlp/otlp-attributes.ts'
import { OtlpSender } from '../observability/otlp/otlp-sender.ts'
import { SpanExporter } from '../observability/otlp/span-exporter.ts'
import type { OtlpDestination, TelemetrySettings } from '../observability/telemetry.schema.ts'
import { RequestTraces } from '../observability/tracing/request-traces.ts'
import type { Transport } from '../transport/transport.ts'

export interface TelemetryOptions {
  readonly settings: TelemetrySettings
  readonly transport: Pick<Transport, 'send'>
  readonly clock: Clock
  readonly logger: Logger
  readonly version: string
  readonly readMetrics: () => readonly Metric[]
}

/** What goes out over OpenTelemetry. */
export interface Telemetry {
  /** Undefined when no spans are exported: then nothing of a request is traced. */
  readonly traces: RequestTraces | undefined
  readonly listeners: readonly EndedRequestListener[]
  start(): void
  /** Exports what is left, within a few seconds. */
  close(): Promise<void>
}

/** A gateway that ends waits no longer than this for its collectors. */
const LONGEST_CLOSE_MS = 3_000

/** Exporters for every destination of the configuration. Without one there are no timers, no spans and no listeners. */
export function createTelemetry(options: TelemetryOptions): Telemetry {
  const { settings, clock, logger, version, readMetrics } = options
  const resource = JSON.stringify({
    attributes: otlpAttributes({
      'service.name': 'switchback',
      'service.version': version,
      'service.instance.id': randomUUID(),
      ...settings.resource,
    }),
  })
  const shared = { clock, logger, resource, scope: JSON.stringify({ name: 'switchback', version }) }
  const spans = settings.otlp
    .filter(({ traces }) => traces)
    .map((destination) => {
      const sender = senderTo(destination, 'traces', options)
      return new SpanExporter({ ...shared, sender, maxQueued: destination.maxQueued })
    })
  const metrics = settings.otlp
    .filter((destination) => destination.metrics)
    .map((destination) => {
      const sender = senderTo(destination, 'metrics', options)
      return new MetricExporter({ ...shared, sender, intervalMs: destination.metricsIntervalMs, read: readMetrics })
    })
  return {
    traces: spans.length === 0 ? undefined : new RequestTraces(settings),
    listeners: spans.map((exporter) => exporter.take),
    start() {
      for (const exporter of metrics) exporter.start()
    },
    async close() {
      const waiting = new AbortController()
      const tooLong = clock.sleep(LONGEST_CLOSE_MS, waiting.signal).catch(() => undefined)
      await Promise.race([Promise.all([...spans, ...metrics].map((exporter) => exporter.close())), tooLong])
      waiting.abort()
    },
  }
}

const senderTo = (
  { endpoint, headers, egress, timeoutMs }: OtlpDestination,
  signal: 'traces' | 'metrics',
  { transport, clock }: TelemetryOptions,
): OtlpSender => new OtlpSender({ url: `${endpoint}/v1/${signal}`, headers, egress, timeoutMs, transport, clock })
