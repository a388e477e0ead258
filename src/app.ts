import { randomBytes } from 'node:crypto'
import { codecs } from './codecs/registry.ts'
import { createKnownModels } from './catalog/known-models.ts'
import { createFactsOf } from './catalog/target-facts.ts'
import { createLazyPrices, type LazyPrices } from './catalog/prices/lazy-prices.ts'
import type { CompiledConfig } from './config/compile.ts'
import { readSurroundings } from './config/env.ts'
import { createAccountPool, type AccountPool } from './credentials/account-pool.ts'
import { createEngine } from './engine/create-engine.ts'
import { createCountTokens } from './engine/count-tokens.ts'
import type { Engine } from './engine/engine.ts'
import { liveLimitsOf, hasBudgets } from './engine/limits/caller-rules.ts'
import { createLimiter } from './engine/limits/create-limiter.ts'
import type { Limiter } from './engine/limits/limiter.ts'
import { SingleFlight } from './engine/single-flight.ts'
import { observeTargets } from './engine/observe-targets.ts'
import { unpackRecord } from './engine/record/unpack-record.ts'
import { ENGINE_VERSION } from './engine/version.ts'
import { checkBind } from './http/check-bind.ts'
import { createHttpApp } from './http/http-app.ts'
import type { HttpApp, HttpAppOptions } from './http/http-app.types.ts'
import type { ServerSettings } from './http/server.settings.schema.ts'
import { asProviderId } from './ir/ids.ts'
import type { FactsOf } from './ir/snapshot.ts'
import { ByteBudget } from './lib/byte-budget.ts'
import { systemClock, type Clock } from './lib/clock.ts'
import { Deadlines } from './lib/deadlines.ts'
import { createRequestIds } from './engine/request-ids.ts'
import { silentLogger, type Logger } from './observability/logger.ts'
import { LiveConfig } from './operations/live-config.ts'
import { modelCardOf } from './operations/model-card.ts'
import { requirePolicies } from './operations/policy-gate.ts'
import { followPrices } from './operations/price-follow.ts'
import { reloadConfig, type ReloadOutcome } from './operations/reload-config.ts'
import { createProvider } from './providers/registry.ts'
import type { ProviderSettings } from './providers/provider.settings.schema.ts'
import { needsPrices } from './routing/needs-prices.ts'
import type { Provider } from './providers/provider.types.ts'
import { createAddressMatcher } from './runtime/address-ranges.ts'
import { serve, type RunningServer } from './runtime/serve.ts'
import { createTokenizer, type Tokenizer } from './runtime/tokenizer.ts'
import { type DataDir, takeDataDir } from './state/data-dir.ts'
import { PRICE_FILE } from './state/prices/price-file.ts'
import { openState, type GatewayState } from './state/open-state.ts'
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
}

/** A gateway, ready to serve requests handed to `fetch`; `listen` opens its port. */
export interface Gateway {
  readonly fetch: HttpApp['fetch']
  readonly engine: Engine
  readonly records: RecordStore
  /** What models cost: published prices, loaded when first asked for, behind the operator's own. */
  readonly prices: LazyPrices
  /** Limits and budgets, and how they stand. */
  readonly limiter: Limiter
  /** Rejects with `config_invalid` when the address must not be served so, or a policy test of the configuration fails. */
  listen(): Promise<{ readonly url: string; readonly port: number }>
  /** Takes over another configuration while it serves; see `reloadConfig`. One after the other. */
  reload(config: CompiledConfig): Promise<ReloadOutcome>
  /** Takes no new requests, finishes those that run (up to the configured drain time), and releases everything. */
  close(): Promise<void>
}

/** Builds the graph from the bottom up. Opens the state; nothing listens yet. Throws when the data directory is taken or unusable. */
export function createGateway(options: GatewayOptions): Gateway {
  const { config, logger = silentLogger, clock = systemClock } = options
  const dataDir =
    options.dataDir === undefined ? undefined : takeDataDir({ path: options.dataDir, pid: process.pid, startedAt: clock.wall() })
  const surroundings = { dataDir, clock, logger }
  const live = new LiveConfig(config, providerMaker(clock))
  const state = openGatewayState(live, surroundings)
  const { records, health, disables } = state
  const { prices, stopPrices } = openPrices(surroundings)
  const buffers = new ByteBudget(config.server.maxBufferedBytes)
  const limiter = buildLimiter({ live, state, prices, clock, logger })
  const { engine, accounts, factsOf, tokenizer } = buildEngine({ live, state, prices, clock, buffers, limiter })
  const { snapshot } = live
  const app = createHttpApp({
    engine,
    singleFlight: new SingleFlight({ store: state.idempotency, clock }),
    codecs,
    snapshot,
    ...ingressSettings(config.server),
    records,
    modelCard: (id) => modelCardOf(snapshot(), id, factsOf),
    operator: { snapshot, disables, accounts, health },
    buffers,
    clock,
    logger,
    version: ENGINE_VERSION,
    generateId: createRequestIds(clock),
  })
  const server = {
    check: checkBind,
    configure(settings: ServerSettings) {
      buffers.limit = settings.maxBufferedBytes ?? Number.POSITIVE_INFINITY
      app.configure(ingressSettings(settings))
    },
  }
  let listening: RunningServer | undefined
  let reloading: Promise<unknown> = Promise.resolve()
  return {
    fetch: (request, peer) => app.fetch(request, peer),
    engine,
    records,
    prices,
    limiter,
    async listen() {
      checkBind(config.server)
      if (needsPrices(config.routing) || hasBudgets(config.limits) || config.policyTests.length > 0) await prices.warm()
      requirePolicies(config, factsOf)
      listening = await serve({ settings: config.server, app })
      dataDir?.announce(listening.url)
      return { url: listening.url, port: listening.port }
    },
    reload(wanted) {
      const done = reloading.then(() => reloadConfig(wanted, { live, accounts, limiter, state, prices, clock, server }))
      reloading = done.catch(() => undefined) // whoever asked for it is told
      return done
    },
    async close() {
      app.drain()
      await listening?.stop(live.config.server.drainMs)
      tokenizer.close()
      stopPrices()
      await state.close()
      dataDir?.release()
    },
  }
}

interface EngineParts {
  readonly live: LiveConfig
  readonly state: GatewayState
  readonly prices: LazyPrices
  readonly clock: Clock
  readonly buffers: ByteBudget
  readonly limiter: Limiter
}

interface BuiltEngine {
  readonly engine: Engine
  readonly accounts: AccountPool
  readonly factsOf: FactsOf
  readonly tokenizer: Tokenizer
}

function buildEngine({ live, state, prices, clock, buffers, limiter }: EngineParts): BuiltEngine {
  const { records, health, affinity, signatures, disables } = state
  const { snapshot, hostOf } = live
  const accounts = createAccountPool({ providers: live.pooled, clock, disables })
  const tokenizer = createTokenizer({ timeoutMs: 5_000, idleMs: 60_000 })
  const modelFacts = createKnownModels({ snapshot, hostOf })
  const factsOf = createFactsOf({ snapshot, modelFacts, hostOf, prices, clock })
  const engine = createEngine({
    clock,
    deadlines: new Deadlines(clock),
    revision: () => live.revision,
    accounts,
    health,
    affinity,
    signatures,
    observed: observeTargets({ accounts, health, disables, limiter }),
    limiter,
    records,
    buffers,
    random: Math.random,
    salt: randomBytes(16).toString('hex'),
    modelFacts,
    factsOf,
    prices,
    countTokens: createCountTokens({ clock, accounts, tokenizer }),
  })
  return { engine, accounts, factsOf, tokenizer }
}

interface LimiterParts extends Pick<EngineParts, 'live' | 'state' | 'prices' | 'clock'> {
  readonly logger: Logger
}

function buildLimiter({ live, state, prices, clock, logger }: LimiterParts): Limiter {
  return createLimiter({
    store: state.limits,
    settings: live.config.limits,
    limitsOf: liveLimitsOf(() => live.config.limits),
    accountsOf: (provider) => live.revision.providers.get(asProviderId(provider))?.settings.accounts.map(({ id }) => id) ?? [],
    async priceOf({ provider, model }) {
      const book = prices.book ?? (await prices.warm())
      return book.priceOf({ providerId: provider, host: live.hostOf(provider), model }, clock.wall())?.price
    },
    clock,
    deadlines: new Deadlines(clock),
    failed: (error) => logger.error({ reason: String(error) }, 'what a call used could not be counted towards its limits'),
    crossed: ({ rule, share, spent }) =>
      logger.warn(
        { scope: rule.scope, subject: rule.subject, period: rule.period, share, spent_nanos: spent, limit_nanos: rule.limit },
        share === 1 ? 'a budget is spent' : 'a budget has passed a threshold',
      ),
  })
}

interface Surroundings {
  readonly dataDir: DataDir | undefined
  readonly clock: Clock
  readonly logger: Logger
}

function openGatewayState(live: LiveConfig, { dataDir, clock, logger }: Surroundings): GatewayState {
  return openState({
    store: live.config.state.store ?? dataDir?.file(STATE_FILE) ?? 'memory',
    ...live.stateSettings,
    idempotency: live.config.server.idempotency,
    clock,
    unpack: unpackRecord,
    warn: (message, facts) => logger.warn(facts, message),
  })
}

/** Prices with the operator's own from the data directory, followed until `stopPrices()`. */
function openPrices({ dataDir, clock, logger }: Surroundings): { prices: LazyPrices; stopPrices: () => void } {
  const prices = createLazyPrices()
  if (dataDir === undefined) return { prices, stopPrices: () => undefined }
  const warn = (message: string): void => logger.error({}, message)
  return { prices, stopPrices: followPrices({ path: dataDir.file(PRICE_FILE), clock, prices, warn }) }
}

const ingressSettings = (settings: ServerSettings): Pick<HttpAppOptions, 'settings' | 'isTrustedProxy'> => ({
  settings,
  isTrustedProxy: createAddressMatcher(settings.trustedProxies),
})

/** Makes providers that share connections. */
function providerMaker(clock: Clock): (settings: ProviderSettings) => Provider {
  const transport = createFetchTransport({ clock, proxied: environmentProxy(readSurroundings().env) })
  const userAgent = `switchback/${ENGINE_VERSION}`
  return (settings) => createProvider(settings, { transport, clock, userAgent })
}
