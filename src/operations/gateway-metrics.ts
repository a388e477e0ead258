import type { Clock } from '../lib/clock.ts'
import type { EndedRequestListener } from '../observability/ended-request.ts'
import { CostMetrics } from '../observability/metrics/cost-metrics.ts'
import { exposition } from '../observability/metrics/exposition.ts'
import { HttpMetrics } from '../observability/metrics/http-metrics.ts'
import { LoopLag } from '../observability/metrics/loop-lag.ts'
import type { Metric } from '../observability/metrics/metric-family.ts'
import { MetricRegistry } from '../observability/metrics/registry.ts'
import { RequestMetrics } from '../observability/metrics/request-metrics.ts'
import type { SettledCostListener } from '../observability/settled-cost.ts'
import { defineProcessMetrics } from './process-metrics.ts'
import { defineStateMetrics, type ObservedParts } from './state-metrics.ts'

export interface GatewayMetricsOptions {
  readonly clock: Clock
  readonly version: string
}

/** Everything a gateway measures of itself. */
export interface GatewayMetrics {
  readonly countRequest: EndedRequestListener
  readonly countCost: SettledCostListener
  readonly http: HttpMetrics
  /** Brings gauges for the state of a gateway in; once. */
  observe(parts: ObservedParts): void
  /** All metrics as they are now. */
  read(): readonly Metric[]
  /** The same as text for Prometheus. */
  expose(): string
  /** Begins to measure how late timers fire. */
  start(): void
  close(): void
}

/** `settle` is asked before every reading to hand over what it holds back. */
export function createGatewayMetrics({ clock, version }: GatewayMetricsOptions, settle: () => void): GatewayMetrics {
  const registry = new MetricRegistry()
  registry.onRead(settle)
  const requests = new RequestMetrics(registry)
  const costs = new CostMetrics(registry)
  const http = new HttpMetrics(registry)
  const lag = new LoopLag(clock, registry)
  defineProcessMetrics(registry, { version, startedAt: clock.wall() })
  return {
    countRequest: requests.count,
    countCost: costs.count,
    http,
    observe: (parts) => defineStateMetrics(registry, parts),
    read: () => registry.read(),
    expose: () => exposition(registry.read()),
    start: () => lag.start(),
    close: () => lag.close(),
  }
}
