import { randomUUID } from 'node:crypto'
import type { Clock } from '../lib/clock.ts'
import { sameData } from '../lib/same-data.ts'
import type { EndedRequestListener } from '../observability/ended-request.ts'
import type { Logger } from '../observability/logger.ts'
import type { Metric } from '../observability/metrics/metric-family.ts'
import { MetricExporter } from '../observability/otlp/metric-exporter.ts'
import { otlpAttributes } from '../observability/otlp/otlp-attributes.ts'
import { OtlpSender } from '../observability/otlp/otlp-sender.ts'
import { SpanExporter } from '../observability/otlp/span-exporter.ts'
import type { OtlpDestination, TelemetrySettings } from '../observability/telemetry.schema.ts'
import { RequestTraces, type Tracing } from '../observability/tracing/request-traces.ts'
import type { Transport } from '../transport/transport.ts'

export interface TelemetryOptions {
  readonly settings: TelemetrySettings
  readonly transport: Pick<Transport, 'send'>
  readonly clock: Clock
  readonly logger: Logger
  readonly version: string
  readonly readMetrics: () => readonly Metric[]
}

/** A gateway that ends waits no longer than this for its collectors. */
const LONGEST_CLOSE_MS = 3_000

/** What goes to one destination. */
interface Outlet {
  readonly destination: OtlpDestination
  readonly spans: SpanExporter | undefined
  readonly metrics: MetricExporter | undefined
}

/** What goes out over OpenTelemetry. Without a destination there are no timers, no spans and no listeners. */
export class Telemetry {
  /** Traces nothing while no spans are exported. */
  readonly traces: Tracing = {
    begin: (requestId, headers) => this.requestTraces?.begin(requestId, headers),
    propagate: (context, attempt, headers) => this.requestTraces?.propagate(context, attempt, headers),
  }
  private requestTraces: RequestTraces | undefined
  private readonly options: TelemetryOptions
  private readonly instance = randomUUID()
  private readonly startedAt: number
  private settings: TelemetrySettings
  private outlets: readonly Outlet[] = []
  /** Those that are given up and send what is left. */
  private readonly leaving = new Set<Promise<void>>()
  private isStarted = false

  constructor(options: TelemetryOptions) {
    this.options = options
    this.startedAt = options.clock.wall()
    this.settings = options.settings
    this.configure(options.settings)
  }

  /** Who has to be told of ended requests. */
  get listeners(): readonly EndedRequestListener[] {
    return this.outlets.flatMap(({ spans }) => (spans === undefined ? [] : [spans.take]))
  }

  start(): void {
    this.isStarted = true
    for (const { metrics } of this.outlets) metrics?.start()
  }

  /** Exports by other settings from now on. A destination that stays goes on as it is; one that is given up still gets what waits for it. */
  configure(settings: TelemetrySettings): void {
    const before = sameData(settings.resource, this.settings.resource) ? [...this.outlets] : []
    const next = settings.otlp.map((destination) => {
      const place = before.findIndex((outlet) => sameData(outlet.destination, destination))
      return place === -1 ? this.outletTo(destination, settings) : before.splice(place, 1)[0]!
    })
    for (const outlet of this.outlets) if (!next.includes(outlet)) this.leave(outlet)
    this.settings = settings
    this.outlets = next
    this.requestTraces = next.some(({ spans }) => spans !== undefined) ? new RequestTraces(settings) : undefined
    if (this.isStarted) this.start()
  }

  /** Exports what is left, within a few seconds. */
  async close(): Promise<void> {
    const { clock } = this.options
    for (const outlet of this.outlets) this.leave(outlet)
    this.outlets = []
    const waiting = new AbortController()
    const tooLong = clock.sleep(LONGEST_CLOSE_MS, waiting.signal).catch(() => undefined)
    await Promise.race([Promise.all(this.leaving), tooLong])
    waiting.abort()
  }

  private leave({ spans, metrics }: Outlet): void {
    const left = Promise.all([spans?.close(), metrics?.close()]).then(() => void this.leaving.delete(left))
    this.leaving.add(left)
  }

  private outletTo(destination: OtlpDestination, { resource }: TelemetrySettings): Outlet {
    const { clock, logger, version, readMetrics } = this.options
    const attributes = otlpAttributes({
      'service.name': 'switchback',
      'service.version': version,
      'service.instance.id': this.instance,
      ...resource,
    })
    const shared = {
      clock,
      logger,
      resource: JSON.stringify({ attributes }),
      scope: JSON.stringify({ name: 'switchback', version }),
    }
    const { maxQueued, metricsIntervalMs: intervalMs } = destination
    const sender = (signal: 'traces' | 'metrics'): OtlpSender => senderTo(destination, signal, this.options)
    return {
      destination,
      spans: destination.traces ? new SpanExporter({ ...shared, sender: sender('traces'), maxQueued }) : undefined,
      metrics: destination.metrics
        ? new MetricExporter({
            ...shared,
            sender: sender('metrics'),
            intervalMs,
            countedSince: this.startedAt,
            read: readMetrics,
          })
        : undefined,
    }
  }
}

const senderTo = (
  { endpoint, headers, egress, timeoutMs }: OtlpDestination,
  signal: 'traces' | 'metrics',
  { transport, clock }: TelemetryOptions,
): OtlpSender => new OtlpSender({ url: `${endpoint}/v1/${signal}`, headers, egress, timeoutMs, transport, clock })
