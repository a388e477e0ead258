import type { LazyPrices } from '../catalog/prices/lazy-prices.ts'
import type { CompiledConfig } from '../config/compile.ts'
import { ENGINE_VERSION } from '../engine/version.ts'
import type { ProviderId } from '../ir/ids.ts'
import type { AlertWatch } from '../observability/alerts/alert-watch.ts'
import type { EndedRequest, EndedRequestListener } from '../observability/ended-request.ts'
import { EndedRequests } from '../observability/ended-requests.ts'
import { RequestFacts } from '../observability/request-facts.ts'
import type { SettledCostListener } from '../observability/settled-cost.ts'
import type { Spool } from '../observability/alerts/observation.ts'
import type { Tracing } from '../observability/tracing/request-traces.ts'
import { endedCost } from '../operations/ended-cost.ts'
import { ledgerSpool } from '../operations/ledger-spool.ts'
import { GatewayAlerts } from '../operations/gateway-alerts.ts'
import { createGatewayMetrics, type GatewayMetrics } from '../operations/gateway-metrics.ts'
import type { AlertedParts } from '../operations/observe-alerts.ts'
import type { ObservedParts } from '../operations/state-metrics.ts'
import { Telemetry } from '../operations/telemetry.ts'
import type { Ledger } from '../state/ledger/store.ts'
import type { Transport } from '../transport/transport.ts'
import type { Surroundings } from './surroundings.ts'

/** Whoever watches what the gateway does. */
export interface Watch {
  readonly metrics: GatewayMetrics
  readonly requestFacts: RequestFacts
  readonly traces: Tracing
  readonly requestEnded: EndedRequestListener
  /** To be told what each settled attempt cost. */
  readonly costSettled: SettledCostListener
  /** Brings in what is looked at, once; gives the alerts over it. */
  observe(parts: WatchedParts): AlertWatch
  start(): void
  /** Exports and alerts by another configuration from now on. */
  configure(config: Pick<CompiledConfig, 'telemetry' | 'alerts'>): void
  close(): Promise<void>
}

/** What is looked at; a gateway without a ledger has none. */
export interface WatchedParts extends Omit<ObservedParts, 'spools'> {
  readonly ledger: Pick<Ledger, 'durability'> | undefined
  /** How far this gateway, or whichever it knows of, is behind the others. */
  readonly replicas: AlertedParts['replicas']
}

interface WatchParts extends Surroundings {
  readonly config: CompiledConfig
  readonly transport: Transport
  readonly prices: LazyPrices
  /** Host of a provider's base URL, by the configuration in force. */
  readonly hostOf: (provider: ProviderId) => string
  /** Where the gateway listens. */
  readonly address: () => string
}

/** Metrics, spans and alerts of a gateway, before it is known what they look at. */
export function openWatch({ config, transport, prices, hostOf, address, dataDir, clock, logger }: WatchParts): Watch {
  const version = ENGINE_VERSION
  const metrics = createGatewayMetrics({ clock, version }, () => ended.tell())
  const telemetry = new Telemetry({
    settings: config.telemetry,
    transport,
    clock,
    logger,
    version,
    readMetrics: () => metrics.read(),
  })
  const alerting = new GatewayAlerts({ settings: config.alerts, transport, clock, logger, version, address })
  const costOf = (request: EndedRequest): number | undefined =>
    prices.book === undefined ? undefined : endedCost(request, prices.book, hostOf)
  const requestFacts = new RequestFacts({ isEnabled: (level) => logger.isEnabled(level), costOf })
  const listeners = (): EndedRequestListener[] => [metrics.countRequest, ...telemetry.listeners, ...alerting.listeners]
  const ended = new EndedRequests(clock, listeners(), (error) => logger.error({ error }, 'the gateway failed to watch itself'))
  let alerts: AlertWatch | undefined
  return {
    metrics,
    requestFacts,
    traces: telemetry.traces,
    costSettled(cost) {
      metrics.countCost(cost)
      alerting.noteCost(cost)
    },
    requestEnded(request) {
      requestFacts.note(request)
      ended.take(request)
    },
    observe({ ledger, replicas, ...parts }) {
      const spools = (): readonly Spool[] => (ledger === undefined ? [] : [ledgerSpool(ledger.durability())])
      metrics.observe({ ...parts, spools })
      alerts = alerting.watch({ ...parts, spools, replicas, dataDir: dataDir?.path })
      return alerts
    },
    start() {
      metrics.start()
      telemetry.start()
      alerts?.start()
    },
    configure(next) {
      ended.tell()
      telemetry.configure(next.telemetry)
      alerting.configure(next.alerts)
      ended.tellTo(listeners())
    },
    async close() {
      ended.close()
      metrics.close()
      await Promise.all([telemetry.close(), alerts?.close()])
    },
  }
}
