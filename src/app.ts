import { randomBytes } from 'node:crypto'
import { codecs } from './codecs/registry.ts'
import { createKnownModels } from './catalog/known-models.ts'
import { createFactsOf } from './catalog/target-facts.ts'
import { createLazyPrices, type LazyPrices } from './catalog/prices/lazy-prices.ts'
import type { CompiledConfig } from './config/compile.ts'
import { readSurroundings } from './config/env.ts'
import { providerHosts } from './config/provider-hosts.ts'
import { createAccountPool, type AccountPool, type PooledProvider } from './credentials/account-pool.ts'
import { createEngine } from './engine/create-engine.ts'
import { createCountTokens } from './engine/count-tokens.ts'
import type { Engine } from './engine/engine.ts'
import { observeTargets } from './engine/observe-targets.ts'
import { RunningCalls } from './engine/running-calls.ts'
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
import type { TenancyParts } from './operations/tenancy/tenancy-parts.ts'
import { knownNames } from './operations/tenancy/known-names.ts'
import { followPrices } from './operations/price-follow.ts'
import { createProvider } from './providers/registry.ts'
import { needsPrices } from './routing/needs-prices.ts'
import type { Provider } from './providers/provider.types.ts'
import { createAddressMatcher } from './runtime/address-ranges.ts'
import { serve, type RunningServer } from './runtime/serve.ts'
import { createTokenizer, type Tokenizer } from './runtime/tokenizer.ts'
import { type DataDir, takeDataDir } from './state/data-dir.ts'
import { PRICE_FILE } from './state/prices/price-file.ts'
import { healthSettingsOf } from './state/health/settings.ts'
import { openState, type GatewayState } from './state/open-state.ts'
import { STATE_FILE } from './state/records/open.ts'
import { KeyDirectory } from './state/tenancy/key-directory.ts'
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
  const { keys, keysRead, running } = followKeys(state, surroundings)
  noteConfiguration(config, state, surroundings)
  const { prices, stopPrices } = openPrices(surroundings)
  const { engine, accounts, factsOf, tokenizer } = buildEngine({ config, snapshot, state, prices, clock, running })
  const app = createHttpApp({
    engine,
    codecs,
    snapshot,
    settings: config.server,
    records,
    issuedKeys: keys,
    tenancy: tenancyParts(config, state, { clock, keys }),
    audit: state.audit,
    modelCard: (id) => modelCardOf(config.routing, id, factsOf),
    operator: { snapshot, disables, accounts, health },
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
      await keysRead
      if (needsPrices(config.routing)) await prices.warm()
      server = await serve({ settings: config.server, app })
      dataDir?.announce(server.url)
      return { url: server.url, port: server.port }
    },
    async close() {
      app.drain()
      await server?.stop(config.server.drainMs)
      tokenizer.close()
      stopPrices()
      keys.close()
      await keysRead.catch(() => undefined) // it was told when it happened
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
  readonly running: RunningCalls
}

interface BuiltEngine {
  readonly engine: Engine
  readonly accounts: AccountPool
  readonly factsOf: FactsOf
  readonly tokenizer: Tokenizer
}

function buildEngine({ config, snapshot, state, prices, clock, running }: EngineParts): BuiltEngine {
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
    running,
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

interface Surroundings {
  readonly dataDir: DataDir | undefined
  readonly clock: Clock
  readonly logger: Logger
}

function openGatewayState({ state, routing }: CompiledConfig, { dataDir, clock, logger }: Surroundings): GatewayState {
  return openState({
    store: state.store ?? dataDir?.file(STATE_FILE) ?? 'memory',
    retentionMs: state.retentionMs,
    auditRetentionMs: state.auditRetentionMs,
    health: healthSettingsOf(routing.resilience, routing.providers.keys()),
    scorecards: routing.resilience.scorecard,
    clock,
    unpack: unpackRecord,
    warn: (message, facts) => logger.warn(facts, message),
  })
}

interface FollowedKeys {
  readonly keys: KeyDirectory
  /** Rejects when they could not be read. */
  readonly keysRead: Promise<void>
  readonly running: RunningCalls
}

/** Issued keys in memory, and the calls that end with them. */
function followKeys({ tenancy }: GatewayState, { clock, logger }: Surroundings): FollowedKeys {
  const running = new RunningCalls()
  const keys = new KeyDirectory({
    clock,
    warn: (message, facts) => logger.error(facts, message),
    onEnded: (ended) => running.end(ended),
  })
  const keysRead = keys.follow(tenancy)
  keysRead.catch((error: unknown) => logger.error({ error }, 'issued keys could not be read'))
  return { keys, keysRead, running }
}

const tenancyParts = (
  config: CompiledConfig,
  { tenancy, audit, records }: GatewayState,
  { clock, keys }: { readonly clock: Clock; readonly keys: KeyDirectory },
): TenancyParts => ({
  store: tenancy,
  audit,
  clock,
  random: randomBytes,
  known: () => knownNames(config),
  useOf: (id) => keys.useOf(id),
  records,
})

/** The audit tells by which configuration the gateway has served since when. */
function noteConfiguration({ routing }: CompiledConfig, { audit }: GatewayState, { clock, logger }: Surroundings): void {
  audit
    .append({
      at: Math.floor(clock.wall()),
      action: 'config.load',
      outcome: 'done',
      actor: { kind: 'gateway' },
      source: { via: 'command' },
      details: { revision: routing.revision, config_hash: routing.configHash, version: ENGINE_VERSION },
    })
    .catch((error: unknown) => logger.error({ error }, 'the configuration could not be noted in the audit'))
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
