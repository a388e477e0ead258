import type { LazyPrices } from '../catalog/prices/lazy-prices.ts'
import type { Engine } from '../engine/engine.ts'
import type { Limiter, RuleStanding } from '../engine/limits/limiter.ts'
import { targetIdOf } from '../ir/ids.ts'
import type { Settlement } from '../ir/settlement.ts'
import type { RoutingSnapshot } from '../ir/snapshot.ts'
import type { Clock } from '../lib/clock.ts'
import type { AlertWatch } from '../observability/alerts/alert-watch.ts'
import type { Spool } from '../observability/alerts/observation.ts'
import { BudgetUses } from '../observability/budget-uses.ts'
import type { EndedRequest, EndedRequestListener } from '../observability/ended-request.ts'
import { EndedRequests } from '../observability/ended-requests.ts'
import type { Logger } from '../observability/logger.ts'
import { RequestFacts } from '../observability/request-facts.ts'
import type { SettledCost } from '../observability/settled-cost.ts'
import type { RequestTraces } from '../observability/tracing/request-traces.ts'
import type { Ledger, LedgerDurability } from '../state/ledger/store.ts'
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

/** What is looked at. What a gateway does not have is left out. */
export interface WatchedParts
  extends Pick<ObservedParts, 'snapshot' | 'health' | 'accounts' | 'records'>, Pick<AlertedParts, 'replicas'> {
  readonly engine: Pick<Engine, 'active'>
  readonly limiter: Pick<Limiter, 'queue'>
  readonly ledger: Pick<Ledger, 'durability'> | undefined
}

/** Whoever watches what a gateway does. */
export interface GatewayWatch {
  readonly metrics: GatewayMetrics
  readonly requestFacts: RequestFacts
  /** Undefined where nothing is traced. */
  readonly traces: RequestTraces | undefined
  /** To be told of every request that has ended. */
  readonly requestEnded: EndedRequestListener
  /** To be told of every settlement. */
  readonly settled: (settlement: Settlement) => void
  /** To be told how a limit stands, whenever that has changed. */
  readonly limitSeen: (standing: RuleStanding) => void
  /** Brings in what is looked at, once; gives the alerts over it. */
  observe(parts: WatchedParts): AlertWatch
  /** The gateway serves: what looks at it now and then begins. */
  start(): void
  close(): Promise<void>
}

export interface GatewayWatchOptions {
  readonly live: Pick<LiveConfig, 'started' | 'snapshot' | 'hostOf'>
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
    settled(settlement) {
      const cost = costOf(settlement, live.snapshot())
      if (cost === undefined) return
      metrics.countCost(cost)
      alerting.noteCost(cost)
    },
    limitSeen: (standing) => noteBudget(budgets, standing),
    observe({ engine, limiter, ledger, ...parts }) {
      const spools = (): readonly Spool[] => (ledger === undefined ? [] : [ledgerSpool(ledger.durability())])
      const watched = { ...parts, spools, budgets: () => budgets.read() }
      metrics.observe({ ...watched, active: () => engine.active, queue: () => limiter.queue })
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

/** Undefined when nobody knows what was used: then a price would not tell the cost either. */
function costOf({ party, usage, nanos }: Settlement, snapshot: RoutingSnapshot): SettledCost | undefined {
  if (nanos === undefined && usage === undefined) return undefined
  return { snapshot, providerId: party.provider, targetId: targetIdOf(party.provider, party.model), nanos }
}

/** Entries in memory and in the local file wait for the store. */
const ledgerSpool = ({ waiting, spooled, dropped_writes: dropped, last_outcome: last }: LedgerDurability): Spool => ({
  what: 'settlements',
  waiting: waiting + spooled,
  dropped,
  failing: spooled > 0 || last === 'spooled' || last === 'failed',
})

function noteBudget(budgets: BudgetUses, { rule, used, resetAt }: RuleStanding): void {
  if (rule.measure !== 'usd') return
  const { scope, subject: id, period: window, limit: limitNanos, counter } = rule
  budgets.note(counter, { scope, id, window, limitNanos, usedNanos: used }, resetAt)
}
