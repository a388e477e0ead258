import { codecs } from './codecs/registry.ts'
import { createKnownModels } from './catalog/known-models.ts'
import { createFactsOf } from './catalog/target-facts.ts'
import { createLazyPrices, type LazyPrices } from './catalog/prices/lazy-prices.ts'
import type { CompiledConfig } from './config/compile.ts'
import { readSurroundings } from './config/env.ts'
import { providerHosts } from './config/provider-hosts.ts'
import { readAccountChange } from './credentials/account-change.ts'
import { createAccountPool, type AccountPool, type AccountPoolOptions, type PooledProvider } from './credentials/account-pool.ts'
import { createEngine } from './engine/create-engine.ts'
import { createAttemptLedger } from './engine/ledger/attempt-ledger.ts'
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
import { systemClock, type Clock } from './lib/clock.ts'
import { Deadlines } from './lib/deadlines.ts'
import { createRequestIds } from './engine/request-ids.ts'
import { silentLogger, type Logger } from './observability/logger.ts'
import { modelCardOf } from './operations/model-card.ts'
import { followPrices } from './operations/price-follow.ts'
import { UsageDesk } from './operations/usage/usage-desk.ts'
import { createProvider } from './providers/registry.ts'
import { needsPrices } from './routing/needs-prices.ts'
import type { Provider } from './providers/provider.types.ts'
import { createAddressMatcher } from './runtime/address-ranges.ts'
import { serve, type RunningServer } from './runtime/serve.ts'
import { createTokenizer, type Tokenizer } from './runtime/tokenizer.ts'
import type { Coordination } from './state/coordination/store.ts'
import { type DataDir, joinDataDir, takeDataDir } from './state/data-dir.ts'
import { PRICE_FILE } from './state/prices/price-file.ts'
import { healthSettingsOf } from './state/health/settings.ts'
import { openSharedState } from './state/open-shared-state.ts'
import { openState, type GatewayState } from './state/open-state.ts'
import { createReplicaCard } from './runtime/replica-card.ts'
import { STATE_FILE } from './state/records/open.ts'
import type { RecordStore } from './state/records/store.ts'
import { environmentProxy } from './transport/environment-proxy.ts'
import { createFetchTransport } from './transport/fetch-transport.ts'

export { codecs }

export interface GatewayOptions {
  readonly config: CompiledConfig
  /** Directory for state, held by this gateway alone. Undefined keeps everything in memory. */
  readonly dataDir?: string | undefined
  readonly logger?: Logger | undefined
  readonly clock?: Clock | undefined
  /**
   * Number of one of several processes on one address: it shares the address, and the data directory is held by whoever started it.
   */
  readonly worker?: number | undefined
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
  const dataDir = openDataDir(options, clock)
  const surroundings = { dataDir, clock, logger, worker: options.worker }
  const prices = createLazyPrices()
  const state = openGatewayState(config, prices, surroundings)
  const { records, health, disables } = state
  const stopPrices = keepPrices(prices, surroundings)
  const { engine, accounts, factsOf, tokenizer } = buildEngine({ config, snapshot, state, prices, clock })
  const app = createHttpApp({
    engine,
    codecs,
    snapshot,
    settings: config.server,
    records,
    modelCard: (id) => modelCardOf(config.routing, id, factsOf),
    operator: { snapshot, disables, accounts, health, coordination: config.state.shared?.redis && state.coordination },
    usage: usageDesk(state, { prices, hosts: providerHosts(config), clock }),
    isTrustedProxy: createAddressMatcher(config.server.trustedProxies),
    clock,
    logger,
    version: ENGINE_VERSION,
    generateId: createRequestIds(clock),
  })
  const joining = new Joining(state, config.state.shared === undefined)
  let server: RunningServer | undefined
  return {
    fetch: (request, peer) => (joining.isDone ? app.fetch(request, peer) : joining.join().then(() => app.fetch(request, peer))),
    engine,
    records,
    prices,
    async listen() {
      checkBind(config.server)
      await joining.join()
      if (needsPrices(config.routing)) await prices.warm()
      server = await serve({ settings: config.server, app, sharesAddress: options.worker !== undefined })
      dataDir?.announce(server.url)
      state.coordination.listensAt(server.url)
      return { url: server.url, port: server.port }
    },
    async close() {
      app.drain()
      await server?.stop(config.server.drainMs)
      tokenizer.close()
      stopPrices()
      await state.close()
      dataDir?.release()
    },
  }
}

/** Joins the others once, and again after it failed. */
class Joining {
  isDone: boolean
  private readonly state: Pick<GatewayState, 'join'>
  private running: Promise<void> | undefined

  /** `isDone` from the start for a gateway that shares its state with no other. */
  constructor(state: Pick<GatewayState, 'join'>, isDone: boolean) {
    this.state = state
    this.isDone = isDone
  }

  join(): Promise<void> {
    this.running ??= this.state.join().then(
      () => {
        this.isDone = true
      },
      (error: unknown) => {
        this.running = undefined
        throw error
      },
    )
    return this.running
  }
}

function openDataDir({ dataDir: path, worker }: GatewayOptions, clock: Clock): DataDir | undefined {
  if (path === undefined) return undefined
  return worker !== undefined ? joinDataDir(path) : takeDataDir({ path, pid: process.pid, startedAt: clock.wall() })
}

/** Answers what was used and what it cost; undefined without a ledger. */
function usageDesk(
  { ledger }: GatewayState,
  { prices, hosts, clock }: { prices: LazyPrices; hosts: ReadonlyMap<string, string>; clock: Clock },
): UsageDesk | undefined {
  if (ledger === undefined) return undefined
  const { store, writer } = ledger
  return new UsageDesk({
    store,
    durability: () => writer.durability(),
    flush: () => writer.flush(),
    prices,
    hostOf: (provider) => hosts.get(provider) ?? '',
    clock,
  })
}

interface EngineParts {
  readonly config: CompiledConfig
  readonly snapshot: () => RoutingSnapshot
  readonly state: GatewayState
  readonly prices: LazyPrices
  readonly clock: Clock
}

interface BuiltEngine {
  readonly engine: Engine
  readonly accounts: AccountPool
  readonly factsOf: FactsOf
  readonly tokenizer: Tokenizer
}

function buildEngine({ config, snapshot, state, prices, clock }: EngineParts): BuiltEngine {
  const { records, health, affinity, disables } = state
  const providers = createProviders(config, clock)
  const accounts = shareAccounts({ providers: pooledProviders(config), clock, disables }, state.coordination)
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
    ledger: state.ledger === undefined ? undefined : createAttemptLedger({ ledger: state.ledger.writer, prices, hostOf, clock }),
    stream: config.server.stream,
    random: Math.random,
    modelFacts: createKnownModels({ hostOf, declaredOf }),
    factsOf,
    prices,
    snapshot,
    countTokens: createCountTokens({ clock, providers, accounts, tokenizer }),
  })
  return { engine, accounts, factsOf, tokenizer }
}

/** Accounts whose locks hold in every gateway that shares the state. */
function shareAccounts(options: AccountPoolOptions, coordination: Coordination): AccountPool {
  const topic = 'account'
  const accounts = createAccountPool({ ...options, onChange: (change) => coordination.announce(topic, { ...change }) })
  coordination.listen(topic, (announcement, ageMs) => {
    const change = readAccountChange(announcement)
    if (change !== undefined) accounts.adopt(change, ageMs)
  })
  return accounts
}

interface Surroundings {
  readonly dataDir: DataDir | undefined
  readonly clock: Clock
  readonly logger: Logger
  readonly worker: number | undefined
}

function openGatewayState(
  { state, routing }: CompiledConfig,
  prices: LazyPrices,
  { dataDir, clock, logger, worker = 0 }: Surroundings,
): GatewayState {
  const surroundings = {
    retentionMs: state.retentionMs,
    ledger: state.ledger,
    // Without prices costs are unknown; that is told where they are asked for.
    preparePrices: () =>
      prices.warm().then(
        () => undefined,
        () => undefined,
      ),
    health: healthSettingsOf(routing.resilience, routing.providers.keys()),
    scorecards: routing.resilience.scorecard,
    clock,
    unpack: unpackRecord,
    warn: (message: string, facts: Readonly<Record<string, unknown>>) => logger.warn(facts, message),
    card: createReplicaCard({ clock, version: ENGINE_VERSION, configHash: routing.configHash }),
  }
  if (state.shared !== undefined) {
    // The next process with the same number takes over what this one leaves behind.
    const spoolPath = dataDir?.file(`shared-${worker}`)
    return openSharedState({ ...surroundings, shared: state.shared, spoolPath })
  }
  return openState({ ...surroundings, store: state.store ?? dataDir?.file(STATE_FILE) ?? 'memory' })
}

/** Accounts of all providers, and how each of them takes turns. */
function pooledProviders({ providers, routing }: CompiledConfig): PooledProvider[] {
  return providers.map(({ id, accounts }) => {
    const selection = routing.resilience.accountSelection.get(id)
    return { id, accounts, selection: selection?.mode, sticky: selection?.sticky }
  })
}

/** Keeps the operator's own prices as the data directory has them, until the returned function is called. */
function keepPrices(prices: LazyPrices, { dataDir, clock, logger }: Surroundings): () => void {
  if (dataDir === undefined) return () => undefined
  const warn = (message: string): void => logger.error({}, message)
  return followPrices({ path: dataDir.file(PRICE_FILE), clock, prices, warn })
}

function createProviders(config: CompiledConfig, clock: Clock): ReadonlyMap<ProviderId, Provider> {
  const transport = createFetchTransport({ clock, proxied: environmentProxy(readSurroundings().env) })
  const userAgent = `switchback/${ENGINE_VERSION}`
  return new Map(config.providers.map((settings) => [settings.id, createProvider(settings, { transport, clock, userAgent })]))
}
