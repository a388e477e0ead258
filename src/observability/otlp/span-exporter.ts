import type { Clock } from '../../lib/clock.ts'
import type { EndedRequest, EndedRequestListener } from '../ended-request.ts'
import type { Logger } from '../logger.ts'
import { ExportState } from './export-state.ts'
import type { OtlpSender } from './otlp-sender.ts'
import { requestSpans } from './request-spans.ts'

export interface SpanExporterOptions {
  readonly sender: Pick<OtlpSender, 'send'>
  readonly clock: Clock
  readonly logger: Logger
  /** JSON of the resource. */
  readonly resource: string
  /** JSON of the instrumentation's name and version. */
  readonly scope: string
  /** Requests that may wait while the collector does not take them. */
  readonly maxQueued: number
}

const INTERVAL_MS = 2_000
const BATCH = 256

/**
 * Exports the spans of requests in batches. Spans are made when the listeners are told, away from the path of an answer, and wait as text.
 * Bounded: while the collector is down and the queue is full, requests are only counted.
 */
export class SpanExporter {
  private readonly options: SpanExporterOptions
  private readonly state: ExportState
  /** The spans of a request each, as JSON without brackets. */
  private waiting: string[] = []
  private sending: Promise<void> | undefined = undefined
  private stopTicking: (() => void) | undefined = undefined

  constructor(options: SpanExporterOptions) {
    this.options = options
    this.state = new ExportState(options.clock, options.logger, 'spans')
  }

  readonly take: EndedRequestListener = (request: EndedRequest) => {
    const { trace } = request
    if (trace?.sampled !== true) return
    if (this.waiting.length >= this.options.maxQueued) {
      this.state.lose(1)
      return
    }
    this.waiting.push(
      requestSpans(request, trace)
        .map((span) => JSON.stringify(span))
        .join(','),
    )
    if (this.waiting.length >= BATCH) this.flush()
    this.stopTicking ??= this.options.clock.every(INTERVAL_MS, () => this.tick())
  }

  /** Sends what waits, unless something is being sent or the collector is given time to recover. */
  flush(): void {
    if (this.sending !== undefined || this.waiting.length === 0 || this.state.isPausing) return
    this.sending = this.sendBatch().finally(() => {
      this.sending = undefined
      if (this.waiting.length >= BATCH) this.flush()
    })
  }

  /** Sends what is left, batch by batch, as long as the collector takes them. Requests may still be told of meanwhile, and are not sent. */
  async close(): Promise<void> {
    this.stopTicking?.()
    await this.sending
    for (let left = Number.POSITIVE_INFINITY; this.waiting.length > 0 && this.waiting.length < left;) {
      left = this.waiting.length
      this.flush()
      await this.sending
    }
  }

  private async sendBatch(): Promise<void> {
    const { sender, resource, scope } = this.options
    const batch = this.waiting.slice(0, BATCH)
    const outcome = await sender.send(
      `{"resourceSpans":[{"resource":${resource},"scopeSpans":[{"scope":${scope},"spans":[${batch.join(',')}]}]}]}`,
    )
    if (outcome.kind !== 'unavailable') this.waiting = this.waiting.slice(batch.length)
    this.state.note(outcome, batch.length)
  }

  private tick(): void {
    if (this.waiting.length > 0) this.flush()
    else if (this.sending === undefined) {
      this.stopTicking?.()
      this.stopTicking = undefined
    }
  }
}
