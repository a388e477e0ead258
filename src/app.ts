import { randomBytes } from 'node:crypto'
import { codecs } from './codecs/registry.ts'
import { createKnownModels } from './catalog/known-models.ts'
import { createFactsOf } from './catalog/target-facts.ts'
import { createLazyPrices, type LazyPrices } from './catalog/prices/lazy-prices.ts'
import type { CompiledConfig } from './config/compile.ts'
import { readSurroundings } from './config/env.ts'
import { providerHosts } from './config/provider-hosts.ts'
import { createAccountPool, type AccountPool, type PooledProvider } from './credentials/account-pool.ts'
import { capturingEngine } from './engine/capturing-engine.ts'
import { createEngine } from './engine/create-engine.ts'
import { createCountTokens } from './engine/count-tokens.ts'
import type { Engine } from './engine/engine.ts'
import { observeTargets } from './engine/observe-targets.ts'
import { unpackRecord } from './engine/record/unpack-record.ts'
import { ENGINE_VERSION } from './engine/version.ts'
import { checkBind } from './http/check-bind.ts'
import { createHttpApp } from './http/http-app.ts'
import type { HttpApp } from './http/http-app.types.ts'
import type { ProviderId } from './ir/ids.ts'
import type { Capabilities, FactsOf, RoutingSnapshot } from './ir/snapshot.ts'
import { ByteBudget } from './lib/byte-budget.ts'
import { systemClock, type Clock } from './lib/clock.ts'
import { Deadlines } from './lib/deadlines.ts'
import { createRequestIds } from './engine/request-ids.ts'
import type { AlertWatch } from './observability/alerts/alert-watch.ts'
import type { EndedRequest, EndedRequestListener } from './observability/ended-request.ts'
import { EndedRequests } from './observability/ended-requests.ts'
import { silentLogger, type Logger } from './observability/logger.ts'
import { createGatewayMetrics, type GatewayMetrics } from './operations/gateway-metrics.ts'
import type { SettledCostListener } from './observability/settled-cost.ts'
import { RequestFacts } from './observability/request-facts.ts'
import type { RequestTraces } from './observability/tracing/request-traces.ts'
import { modelCardOf } from './operations/model-card.ts'
import { followPrices } from './operations/price-follow.ts'
import { createGatewayAlerts } from './operations/gateway-alerts.ts'
import type { ObservedParts } from './operations/state-metrics.ts'
import type { CaptureEvent, CaptureParts } from './operations/captures.ts'
import { endedCost } from './operations/ended-cost.ts'
import { createTelemetry } from './operations/telemetry.ts'
import { createProvider } from './providers/registry.ts'
import { needsPrices } from './routing/needs-prices.ts'
import type { Provider } from './providers/provider.types.ts'
import { createAddressMatcher } from './runtime/address-ranges.ts'
import { serve, type RunningServer } from './runtime/serve.ts'
import { createTokenizer, type Tokenizer } from './runtime/tokenizer.ts'
import { openCaptureFolder } from './state/captures/capture-folder.ts'
import { type DataDir, takeDataDir } from './state/data-dir.ts'
import { PRICE_FILE } from './state/prices/price-file.ts'
import { healthSettingsOf } from './state/health/settings.ts'
import { openState, type GatewayState } from './state/open-state.ts'
import { STATE_FILE } from './state/records/open.ts'
import type { RecordStore } from './state/records/store.ts'
import { createGuardedTransport } from './transport/guarded-transport.ts'
import { environmentProxy } from './transport/environment-proxy.ts'
import { createFetchTransport } from './transport/fetch-transport.ts'

export { codecs }

export interface GatewayOptions {
  readonly config: CompiledConfig
  /** Directory for state, held by this gateway alone. Undefined keeps everything in memory. */
  readonly dataDir?: string | undefined
  readonly logger?: Logger | undefined
  readonly clock?: Clock | undefined
}

/** A gateway, ready to serve requests handed to `fetch`; `listen` opens its port. */
export interface Gateway {
  readonly fetch: HttpApp['fetch']
  readonly engine: Engine
  readonly records: RecordStore
  /** What models cost: published prices, loaded when first asked for, behind the operator's own. */
  readonly prices: LazyPrices
  listen(): Promise<{ readonly url: string; readonly port: number }>
  /** Takes no new requests, finishes those that run (up to the configured drain time), and releases everything. */
  close(): Promise<void>
}

/** Builds the graph from the bottom up. Opens the state; nothing listens yet. Throws when the data directory is taken or unusable. */
export function createGateway(options: GatewayOptions): Gateway {
  const { config, logger = silentLogger, clock = systemClock } = options
  const snapshot = (): RoutingSnapshot => config.routing
  const dataDir =
    options.dataDir === undefined ? undefined : takeDataDir({ path: options.dataDir, pid: process.pid, startedAt: clock.wall() })
  const surroundings = { dataDir, clock, logger }
  const state = openGatewayState(config, surroundings)
  const { records, health, disables } = state
  const { prices, stopPrices } = openPrices(surroundings)
  const buffers = new ByteBudget(config.server.maxBufferedBytes)
  const address = (): string => server?.url ?? `${config.server.host}:${config.server.port}`
  const watch = openWatch({ ...surroundings, config, prices, address })
  const { engine, accounts, factsOf, tokenizer } = buildEngine({ config, snapshot, state, prices, clock, buffers, watch })
  const { captures, served } = openCaptures({ ...surroundings, config, engine })
  const alerts = watch.observe({ snapshot, health, accounts, records, active: () => engine.active })
  const app = createHttpApp({
    engine: served,
    codecs,
    snapshot,
    settings: config.server,
    records,
    modelCard: (id) => modelCardOf(config.routing, id, factsOf),
    operator: { snapshot, disables, accounts, health },
    metrics: watch.metrics,
    alerts,
    captures,
    requestFacts: watch.requestFacts,
    buffers,
    isTrustedProxy: createAddressMatcher(config.server.trustedProxies),
    clock,
    logger,
    version: ENGINE_VERSION,
    generateId: createRequestIds(clock),
  })
  let server: RunningServer | undefined
  return {
    fetch: (request, peer) => app.fetch(request, peer),
    engine,
    records,
    prices,
    async listen() {
      checkBind(config.server)
      if (needsPrices(config.routing)) await prices.warm()
      server = await serve({ settings: config.server, app })
      dataDir?.announce(server.url)
      watch.start()
      return { url: server.url, port: server.port }
    },
    async close() {
      app.drain()
      await server?.stop(config.server.drainMs)
      await watch.close()
      await captures?.captures.close()
      tokenizer.close()
      stopPrices()
      await state.close()
      dataDir?.release()
    },
  }
}

interface EngineParts {
  readonly config: CompiledConfig
  readonly snapshot: () => RoutingSnapshot
  readonly state: GatewayState
  readonly prices: LazyPrices
  readonly clock: Clock
  readonly watch: Watch
  readonly buffers: ByteBudget
}

interface BuiltEngine {
  readonly engine: Engine
  readonly accounts: AccountPool
  readonly factsOf: FactsOf
  readonly tokenizer: Tokenizer
}

function buildEngine({ config, snapshot, state, prices, clock, buffers, watch }: EngineParts): BuiltEngine {
  const { records, health, affinity, disables } = state
  const providers = createProviders(config, clock)
  const accounts = createAccountPool({ providers: pooledProviders(config), clock, disables })
  const tokenizer = createTokenizer({ timeoutMs: 5_000, idleMs: 60_000 })
  const hosts = providerHosts(config)
  const hostOf = (provider: ProviderId): string => hosts.get(provider) ?? ''
  const factsOf = createFactsOf({ snapshot, hostOf, prices, clock })
  const declaredOf = (provider: ProviderId): Capabilities | undefined => snapshot().providers.get(provider)?.capabilities
  const engine = createEngine({
    clock,
    deadlines: new Deadlines(clock),
    providers,
    accounts,
    health,
    affinity,
    observed: observeTargets({ accounts, health, disables }),
    records,
    requestEnded: watch.requestEnded,
    traces: watch.traces,
    stream: config.server.stream,
    maxAnswerBytes: config.server.maxResponseBytes ?? Number.POSITIVE_INFINITY,
    buffers,
    random: Math.random,
    salt: randomBytes(16).toString('hex'),
    modelFacts: createKnownModels({ hostOf, declaredOf }),
    factsOf,
    prices,
    snapshot,
    countTokens: createCountTokens({ clock, providers, accounts, tokenizer }),
  })
  return { engine, accounts, factsOf, tokenizer }
}

interface Surroundings {
  readonly dataDir: DataDir | undefined
  readonly clock: Clock
  readonly logger: Logger
}

interface CaptureSurroundings extends Surroundings {
  readonly config: CompiledConfig
  readonly engine: Engine
}

/** Captures in the data directory, and the engine that copies for them. Without a directory there is nowhere to keep any. */
function openCaptures({ config, engine, dataDir, clock, logger }: CaptureSurroundings): {
  captures: CaptureParts | undefined
  served: Engine
} {
  if (dataDir === undefined) return { captures: undefined, served: engine }
  const { capture: settings } = config
  const folder = dataDir.file('captures')
  const audit = ({ action, by, capture: { id, key, until } }: CaptureEvent): void =>
    logger.warn({ by, capture: id, api_key_id: key, until }, action)
  const captures = openCaptureFolder({
    path: folder,
    clock,
    retentionMs: settings.retentionMs,
    maxBytes: settings.maxBytes,
    ended: (capture, what) => audit({ action: what === 'deleted' ? 'capture.delete' : 'capture.end', by: 'gateway', capture }),
  })
  const parts = { captures, folder, settings, now: () => clock.wall(), audit }
  return { captures: parts, served: settings.enabled ? capturingEngine(engine, captures) : engine }
}

/** Whoever watches what the gateway does. */
interface Watch {
  readonly metrics: GatewayMetrics
  readonly requestFacts: RequestFacts
  readonly traces: RequestTraces | undefined
  readonly requestEnded: EndedRequestListener
  /** To be told what each settled attempt cost. */
  readonly costSettled: SettledCostListener
  /** Brings in what is looked at, once; gives the alerts over it. */
  observe(parts: ObservedParts): AlertWatch
  start(): void
  close(): Promise<void>
}

interface WatchParts extends Surroundings {
  readonly config: CompiledConfig
  readonly prices: LazyPrices
  /** Where the gateway listens. */
  readonly address: () => string
}

function openWatch({ config, prices, address, dataDir, clock, logger }: WatchParts): Watch {
  const version = ENGINE_VERSION
  const proxied = environmentProxy(readSurroundings().env)
  const transport = createFetchTransport({ clock, proxied })
  const metrics = createGatewayMetrics({ clock, version }, () => ended.tell())
  const telemetry = createTelemetry({
    settings: config.telemetry,
    transport,
    clock,
    logger,
    version,
    readMetrics: () => metrics.read(),
  })
  const guarded = createGuardedTransport({ proxied })
  const alerting = createGatewayAlerts({ settings: config.alerts, transport: guarded, clock, logger, version, address })
  const hosts = providerHosts(config)
  const costOf = (request: EndedRequest): number | undefined =>
    prices.book === undefined ? undefined : endedCost(request, prices.book, hosts)
  const requestFacts = new RequestFacts({ isEnabled: (level) => logger.isEnabled(level), costOf })
  const listeners = [metrics.countRequest, ...telemetry.listeners, ...alerting.listeners]
  const ended = new EndedRequests(clock, listeners, (error) => logger.error({ error }, 'the gateway failed to watch itself'))
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
    observe(parts) {
      metrics.observe(parts)
      return (alerts = alerting.watch({ ...parts, dataDir: dataDir?.path }))
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

function openGatewayState({ state, routing }: CompiledConfig, { dataDir, clock, logger }: Surroundings): GatewayState {
  return openState({
    store: state.store ?? dataDir?.file(STATE_FILE) ?? 'memory',
    retentionMs: state.retentionMs,
    health: healthSettingsOf(routing.resilience, routing.providers.keys()),
    scorecards: routing.resilience.scorecard,
    clock,
    unpack: unpackRecord,
    warn: (message, facts) => logger.warn(facts, message),
  })
}

/** Accounts of all providers, and how each of them takes turns. */
function pooledProviders({ providers, routing }: CompiledConfig): PooledProvider[] {
  return providers.map(({ id, accounts }) => {
    const selection = routing.resilience.accountSelection.get(id)
    return { id, accounts, selection: selection?.mode, sticky: selection?.sticky }
  })
}

/** Prices with the operator's own from the data directory, followed until `stopPrices()`. */
function openPrices({ dataDir, clock, logger }: Surroundings): { prices: LazyPrices; stopPrices: () => void } {
  const prices = createLazyPrices()
  if (dataDir === undefined) return { prices, stopPrices: () => undefined }
  const warn = (message: string): void => logger.error({}, message)
  return { prices, stopPrices: followPrices({ path: dataDir.file(PRICE_FILE), clock, prices, warn }) }
}

function createProviders(config: CompiledConfig, clock: Clock): ReadonlyMap<ProviderId, Provider> {
  const transport = createFetchTransport({ clock, proxied: environmentProxy(readSurroundings().env) })
  const userAgent = `switchback/${ENGINE_VERSION}`
  return new Map(config.providers.map((settings) => [settings.id, createProvider(settings, { transport, clock, userAgent })]))
}
