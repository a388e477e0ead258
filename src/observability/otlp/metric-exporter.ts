import type { Clock } from '../../lib/clock.ts'
import type { Logger } from '../logger.ts'
import type { Metric } from '../metrics/metric-family.ts'
import { ExportState } from './export-state.ts'
import { metricPoints } from './metric-points.ts'
import { unixNanos } from './otlp-attributes.ts'
import type { OtlpSender } from './otlp-sender.ts'

export interface MetricExporterOptions {
  readonly sender: Pick<OtlpSender, 'send'>
  readonly clock: Clock
  readonly logger: Logger
  readonly resource: string
  readonly scope: string
  readonly intervalMs: number
  /** Unix milliseconds from which on the metrics count. */
  readonly countedSince: number
  readonly read: () => readonly Metric[]
}

/** Exports all metrics in an interval. They count from the start, so what one export could not tell, the next one does. */
export class MetricExporter {
  private readonly options: MetricExporterOptions
  private readonly state: ExportState
  private readonly startedAt: string
  private sending: Promise<void> | undefined = undefined
  private stopTicking: (() => void) | undefined = undefined

  constructor(options: MetricExporterOptions) {
    this.options = options
    this.state = new ExportState(options.clock, options.logger, 'metrics')
    this.startedAt = unixNanos(options.countedSince)
  }

  start(): void {
    this.stopTicking ??= this.options.clock.every(this.options.intervalMs, () => this.flush())
  }

  async close(): Promise<void> {
    this.stopTicking?.()
    await this.sending
    this.flush()
    await this.sending
  }

  private flush(): void {
    if (this.sending !== undefined || this.state.isPausing) return
    this.sending = this.sendAll().finally(() => (this.sending = undefined))
  }

  private async sendAll(): Promise<void> {
    const { sender, clock, resource, scope, read } = this.options
    const metrics = metricPoints(read(), { start: this.startedAt, now: unixNanos(clock.wall()) })
    const outcome = await sender.send(
      `{"resourceMetrics":[{"resource":${resource},"scopeMetrics":[{"scope":${scope},"metrics":${JSON.stringify(metrics)}}]}]}`,
    )
    this.state.note(outcome, metrics.length)
  }
}
