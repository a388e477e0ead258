import type { LazyPrices } from '../catalog/prices/lazy-prices.ts'
import type { RuleStanding } from '../engine/limits/limiter.ts'
import type { Clock } from '../lib/clock.ts'
import type { AlertWatch } from '../observability/alerts/alert-watch.ts'
import { BudgetUses } from '../observability/budget-uses.ts'
import type { EndedRequest, EndedRequestListener } from '../observability/ended-request.ts'
import { EndedRequests } from '../observability/ended-requests.ts'
import type { Logger } from '../observability/logger.ts'
import { RequestFacts } from '../observability/request-facts.ts'
import type { SettledCostListener } from '../observability/settled-cost.ts'
import type { RequestTraces } from '../observability/tracing/request-traces.ts'
import type { DataDir } from '../state/data-dir.ts'
import { createFetchTransport } from '../transport/fetch-transport.ts'
import { createGuardedTransport } from '../transport/guarded-transport.ts'
import { endedCost } from './ended-cost.ts'
import { createGatewayAlerts } from './gateway-alerts.ts'
import { createGatewayMetrics, type GatewayMetrics } from './gateway-metrics.ts'
import type { LiveConfig } from './live-config.ts'
import type { AlertedParts } from './observe-alerts.ts'
import type { ObservedParts } from './state-metrics.ts'
import { createTelemetry } from './telemetry.ts'

/** What is looked at: of a gateway that has no spools and no replicas these are left out. */
export type WatchedParts = Omit<ObservedParts, 'budgets'> & Pick<AlertedParts, 'spools' | 'replicas'>

/** Whoever watches what a gateway does. */
export interface GatewayWatch {
  readonly metrics: GatewayMetrics
  readonly requestFacts: RequestFacts
  /** Undefined where nothing is traced. */
  readonly traces: RequestTraces | undefined
  /** To be told of every request that has ended. */
  readonly requestEnded: EndedRequestListener
  /** To be told what each settled attempt cost. */
  readonly costSettled: SettledCostListener
  /** To be told how a limit stands, whenever that has changed. */
  readonly limitSeen: (standing: RuleStanding) => void
  /** Brings in what is looked at, once; gives the alerts over it. */
  observe(parts: WatchedParts): AlertWatch
  /** The gateway serves: what looks at it now and then begins. */
  start(): void
  close(): Promise<void>
}

export interface GatewayWatchOptions {
  readonly live: Pick<LiveConfig, 'started' | 'hostOf'>
  readonly prices: Pick<LazyPrices, 'book'>
  /** Where the gateway listens. */
  readonly address: () => string
  readonly version: string
  /** Which requests leave through a proxy of the environment. */
  readonly proxied: (url: URL) => boolean
  readonly dataDir: DataDir | undefined
  readonly clock: Clock
  readonly logger: Logger
}

/** Metrics, spans, facts for the log and alerts of one gateway, by the configuration it was started with. */
export function createGatewayWatch(options: GatewayWatchOptions): GatewayWatch {
  const { live, address, version, proxied, dataDir, clock, logger } = options
  const { telemetry: settings, alerts: alertSettings } = live.started
  const metrics = createGatewayMetrics({ clock, version }, () => ended.tell())
  const transport = createFetchTransport({ clock, proxied })
  const telemetry = createTelemetry({ settings, transport, clock, logger, version, readMetrics: () => metrics.read() })
  const guarded = createGuardedTransport({ proxied })
  const alerting = createGatewayAlerts({ settings: alertSettings, transport: guarded, clock, logger, version, address })
  const requestFacts = new RequestFacts({ isEnabled: (level) => logger.isEnabled(level), costOf: costReader(options) })
  const budgets = new BudgetUses(clock)
  const listeners = [metrics.countRequest, ...telemetry.listeners, ...alerting.listeners]
  const ended = new EndedRequests(clock, listeners, (error) => logger.error({ error }, 'the gateway failed to watch itself'))
  let alerts: AlertWatch | undefined
  return {
    metrics,
    requestFacts,
    traces: telemetry.traces,
    requestEnded(request) {
      requestFacts.note(request)
      ended.take(request)
    },
    costSettled(cost) {
      metrics.countCost(cost)
      alerting.noteCost(cost)
    },
    limitSeen: (standing) => noteBudget(budgets, standing),
    observe(parts) {
      const watched = { ...parts, budgets: () => budgets.read() }
      metrics.observe(watched)
      alerts = alerting.watch({ ...watched, dataDir: dataDir?.path })
      return alerts
    },
    start() {
      metrics.start()
      telemetry.start()
      alerts?.start()
    },
    async close() {
      ended.close()
      metrics.close()
      await Promise.all([telemetry.close(), alerts?.close()])
    },
  }
}

/** What an answer cost, as far as prices are loaded: the log does not load them. */
const costReader =
  ({ prices, live }: Pick<GatewayWatchOptions, 'prices' | 'live'>) =>
  (request: EndedRequest): number | undefined =>
    prices.book === undefined ? undefined : endedCost(request, prices.book, live.hostOf)

function noteBudget(budgets: BudgetUses, { rule, used, resetAt }: RuleStanding): void {
  if (rule.measure !== 'usd') return
  const { scope, subject: id, period: window, limit: limitNanos, counter } = rule
  budgets.note(counter, { scope, id, window, limitNanos, usedNanos: used }, resetAt)
}
