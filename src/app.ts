import { randomBytes } from 'node:crypto'
import { buildEngine, type EngineParts } from './app/build-engine.ts'
import { buildLimiter } from './app/build-limiter.ts'
import { Joining } from './app/joining.ts'
import { openTransport, providerMaker, type ProviderSurroundings } from './app/make-providers.ts'
import { openCaptures, type OpenCaptures } from './app/open-captures.ts'
import { openConfigInForce } from './app/open-config-in-force.ts'
import { openDataDir } from './app/open-data-dir.ts'
import { openGatewayState } from './app/open-gateway-state.ts'
import { openRotation, type Rotation } from './app/open-rotation.ts'
import { openWatch } from './app/open-watch.ts'
import type { Surroundings } from './app/surroundings.ts'
import { codecs } from './codecs/registry.ts'
import { Certifications } from './catalog/certifications.ts'
import { createLazyPrices, type LazyPrices } from './catalog/prices/lazy-prices.ts'
import type { CompiledConfig } from './config/compile.ts'
import type { ConfigSource } from './config/load.ts'
import type { Engine } from './engine/engine.ts'
import { hasBudgets } from './engine/limits/caller-rules.ts'
import type { Limiter } from './engine/limits/limiter.ts'
import type { FormatFinder } from './engine/formats/format-finder.ts'
import { SingleFlight } from './engine/single-flight.ts'
import { ENGINE_VERSION } from './engine/version.ts'
import { checkBind } from './http/check-bind.ts'
import { createHttpApp } from './http/http-app.ts'
import type { HttpApp, HttpAppOptions } from './http/http-app.types.ts'
import type { ServerSettings } from './http/server.settings.schema.ts'
import type { FactsOf } from './ir/snapshot.ts'
import { ByteBudget } from './lib/byte-budget.ts'
import { closeInTurn, openWhole, type ClosingList } from './lib/closing-list.ts'
import { asProviderId } from './ir/ids.ts'
import { systemClock, type Clock } from './lib/clock.ts'
import { createRequestIds } from './engine/request-ids.ts'
import { silentLogger, type Logger } from './observability/logger.ts'
import { accountViews } from './operations/account-login.ts'
import { followCertifications } from './operations/certify/follow-certifications.ts'
import { LiveConfig } from './operations/live-config.ts'
import { modelCardOf } from './operations/model-card.ts'
import { followKeys, type FollowedKeys } from './operations/tenancy/follow-keys.ts'
import { knownNames } from './operations/tenancy/known-names.ts'
import { callerReports } from './operations/tenancy/caller-reports.ts'
import { readIssuedLimits } from './operations/tenancy/issued-limits.ts'
import type { TenancyParts } from './operations/tenancy/tenancy-parts.ts'
import { requirePolicies } from './operations/policy-gate.ts'
import { followPrices } from './operations/price-follow.ts'
import type { ReloadOutcome, ReloadParts } from './operations/reload-config.ts'
import type { ConfigInForce, ConfigInForceOptions, Refreshed } from './operations/revisions/config-in-force.ts'
import type { PublishParts } from './operations/revisions/publish.ts'
import { UsageDesk } from './operations/usage/usage-desk.ts'
import { needsPrices } from './routing/needs-prices.ts'
import { createAddressMatcher } from './runtime/address-ranges.ts'
import { serve, type RunningServer } from './runtime/serve.ts'
import type { GatewayState } from './state/open-state.ts'
import type { RecordStore } from './state/records/store.ts'
import type { Transport } from './transport/transport.ts'

export { codecs }

export interface GatewayOptions {
  readonly config: CompiledConfig
  /** Directory for state, held by this gateway alone. Undefined keeps everything in memory. */
  readonly dataDir?: string | undefined
  /** Data directory, whoever holds it, with the logins that accounts have been given. Default: `dataDir`; in memory without either. */
  readonly loginsOf?: string | undefined
  readonly logger?: Logger | undefined
  readonly clock?: Clock | undefined
  /**
   * Number of one of several processes on one address: it shares the address, and the data directory is held by whoever started it.
   */
  readonly worker?: number | undefined
  /** Reads the configuration anew. Without it the gateway follows neither its own nor what is published for all gateways of the state. */
  readonly load?: ConfigInForceOptions['load']
  /** Told in a line when what is published was taken over or refused. Default: the logger. */
  readonly tell?: ConfigInForceOptions['tell'] | undefined
}

/** A gateway, ready to serve requests handed to `fetch`; `listen` opens its port. */
export interface Gateway {
  readonly fetch: HttpApp['fetch']
  readonly engine: Engine
  readonly records: RecordStore
  /** What models cost: published prices, loaded when first asked for, behind the operator's own. */
  readonly prices: LazyPrices
  /** Which targets have been certified. */
  readonly certifications: Certifications
  /** Limits and budgets, and how they stand. */
  readonly limiter: Limiter
  /** Rejects with `config_invalid` when the address must not be served so, or a policy test of the configuration fails. */
  listen(): Promise<{ readonly url: string; readonly port: number }>
  /** Takes over another configuration while it serves; see `prepareReload`. One after the other. */
  reload(config: CompiledConfig): Promise<ReloadOutcome>
  /** Reads the configuration anew, with `load`, and takes it over when it is good. */
  refresh(): Promise<Refreshed>
  /** The configuration at work, and where it came from; `source` is undefined while it is the one the gateway was started with. */
  serving(): { readonly config: CompiledConfig; readonly source: ConfigSource | undefined }
  /** Takes no new requests, finishes those that run (up to the configured drain time), and releases everything. */
  close(): Promise<void>
}

/** Builds the graph from the bottom up. Opens the state; nothing listens yet. Throws when the data directory is taken or unusable. */
export const createGateway = (options: GatewayOptions): Gateway => openWhole((opened) => gatewayOf(options, opened))

/** `opened` is for what must not stay open when something that is opened later cannot be. */
function gatewayOf(options: GatewayOptions, opened: ClosingList): Gateway {
  const { config, logger = silentLogger, clock = systemClock } = options
  const dataDir = openDataDir(options, clock)
  opened.addEnd(() => dataDir?.release())
  const surroundings = { dataDir, clock, logger, worker: options.worker }
  const place: Place = {}
  const { live, transport } = openLive(config, { clock, logger, loginsOf: options.loginsOf ?? dataDir?.path })
  const books = { prices: createLazyPrices(), certifications: new Certifications() }
  const state = openGatewayState(live, books.prices, surroundings)
  const { records, health } = state
  const unfollow = followOwnPrices(books.prices, state, surroundings)
  const buffers = new ByteBudget(config.server.maxBufferedBytes)
  const issued = followKeys(state.tenancy, { clock, logger, tenantLists: (tenant) => live.config.tenantLists.get(tenant) })
  const shared = { ...surroundings, live, transport, state, ...books, buffers }
  const limiter = buildLimiter({ ...shared, keys: issued.keys })
  const address = (): string => place.server?.url ?? `${config.server.host}:${config.server.port}`
  const watch = openWatch({ ...shared, config, hostOf: live.hostOf, address })
  const built = buildEngine({ ...shared, limiter, watch, running: issued.running })
  const { engine, accounts, factsOf, tokenizer, formats } = built
  const rotation = openRotation({ ...shared, ...built })
  const hasKey = async (id: string): Promise<boolean> =>
    live.config.server.apiKeys.some((key) => key.id === id) || (await state.tenancy.get('key', id)) !== undefined
  const captures = openCaptures({ ...surroundings, config, engine, audit: state.audit, hasKey })
  const alerts = watch.observe({ ...gaugesOf({ engine, limiter, state }), snapshot: live.snapshot, health, accounts, records })
  const server = changeableServer(buffers, () => app)
  const inForce = openConfigInForce({ ...shared, ...built, ...options, surroundings, limiter, watch, captures, issued, server })
  const app: HttpApp = createHttpApp({
    engine: captures.served,
    singleFlight: new SingleFlight({ store: state.idempotency, clock, keepsAnswers: config.server.idempotency.keepsAnswers }),
    codecs,
    snapshot: live.snapshot,
    ...ingressSettings(config.server),
    records,
    issuedKeys: issued.keys,
    tenancy: tenancyParts(state, { live, clock, issued, limiter }),
    audit: state.audit,
    revisions: publishing(inForce, state, options),
    modelCard: (id) => modelCardOf(live.snapshot(), id, factsOf),
    operator: { ...operatorParts(shared), accounts, rotation },
    usage: usageDesk(state, { live, ...books, clock }),
    metrics: watch.metrics,
    alerts,
    captures: captures.captures,
    requestFacts: watch.requestFacts,
    buffers,
    clock,
    logger,
    version: ENGINE_VERSION,
    generateId: createRequestIds(clock),
  })
  const parts = { ...shared, config, surroundings, issued, rotation, limiter, watch, captures, factsOf, formats, app, inForce }
  const release = (): void => {
    tokenizer.close()
    unfollow()
  }
  return { ...handleOf(parts, place, release), engine, records, ...books, limiter }
}

interface HandleParts extends Pick<
  EngineParts,
  'live' | 'prices' | 'certifications' | 'state' | 'buffers' | 'limiter' | 'watch'
> {
  readonly config: CompiledConfig
  readonly surroundings: Surroundings
  readonly issued: FollowedKeys
  readonly rotation: Rotation
  readonly captures: OpenCaptures
  readonly factsOf: FactsOf
  readonly formats: Pick<FormatFinder, 'prepare'>
  readonly app: HttpApp
  readonly inForce: ConfigInForce
}

/** Where the gateway listens, once it does. */
interface Place {
  server?: RunningServer
}

/** What can be done with a gateway that is built. */
function handleOf(
  parts: HandleParts,
  place: Place,
  release: () => void,
): Pick<Gateway, 'fetch' | 'listen' | 'reload' | 'refresh' | 'serving' | 'close'> {
  const { config, surroundings, live, prices, state, issued, watch, app, inForce } = parts
  const { dataDir } = surroundings
  const joining = new Joining(async () => {
    await state.join()
    await readBooks(parts)
    await inForce.start()
  }, config.state.shared === undefined)
  return {
    fetch: (request, peer) => (joining.isDone ? app.fetch(request, peer) : joining.join().then(() => app.fetch(request, peer))),
    async listen() {
      checkBind(config.server)
      await joining.join()
      const { routing, limits, policyTests } = live.config
      if (needsPrices(routing) || hasBudgets(limits) || policyTests.length > 0) await prices.warm()
      requirePolicies(live.config, parts.factsOf)
      place.server = await serve({ settings: config.server, app, sharesAddress: surroundings.worker !== undefined })
      const { url, port } = place.server
      dataDir?.announce(url)
      state.coordination.describe({ url })
      watch.start()
      void parts.formats.prepare(live.snapshot().targets)
      return { url, port }
    },
    reload: (wanted) => inForce.reload(wanted),
    refresh: () => inForce.refresh(),
    serving: () => ({ config: live.config, source: inForce.source }),
    async close() {
      app.drain()
      inForce.close()
      await closeInTurn([
        () => place.server?.stop(live.config.server.drainMs),
        () => watch.close(),
        () => parts.captures.captures?.captures.close(),
        release,
        () => issued.close(),
        () => state.close(),
        () => dataDir?.release(),
      ])
    },
  }
}

/** Reads what is kept, and from then on what changes there. */
async function readBooks({ state, certifications, issued, rotation, surroundings: { logger } }: HandleParts): Promise<void> {
  await followCertifications({ store: state.certifications, certifications, warn: (message) => logger.error({}, message) })
  await issued.read()
  await rotation.keptKeys?.follow()
}

/** What is measured when somebody looks. */
const gaugesOf = ({ engine, limiter, state }: Pick<EngineParts, 'limiter' | 'state'> & { readonly engine: Engine }) => ({
  active: () => engine.active,
  queue: () => limiter.queue,
  budgets: () => limiter.budgets,
  ledger: state.ledger?.writer,
  replicas: () => [{ id: state.coordination.id, behindMs: state.coordination.behindMs() }],
})

/** Answers what was used and what it cost; undefined without a ledger. */
function usageDesk({ ledger }: GatewayState, { live, prices, clock }: Pick<EngineParts, 'live' | 'prices' | 'clock'>) {
  if (ledger === undefined) return undefined
  const { store, writer } = ledger
  return new UsageDesk({
    store,
    durability: () => writer.durability(),
    flush: () => writer.flush(),
    prices,
    hostOf: (provider) => live.hostOf(asProviderId(provider)),
    clock,
  })
}

/** What operators see and switch, beside accounts and their keys. */
const operatorParts = ({ live, state, clock }: Pick<EngineParts, 'live' | 'state' | 'clock'>) => ({
  snapshot: live.snapshot,
  disables: state.disables,
  health: state.health,
  ...accountViews(live, clock),
  coordination: live.started.state.shared?.redis && state.coordination,
})

/** What of the server changes while it runs. */
const changeableServer = (buffers: ByteBudget, app: () => HttpApp): ReloadParts['server'] => ({
  check: checkBind,
  configure(settings) {
    buffers.limit = settings.maxBufferedBytes ?? Number.POSITIVE_INFINITY
    app().configure(ingressSettings(settings))
  },
})

/** What publishing a configuration works on; undefined for a gateway that would not follow it. */
const publishing = (
  inForce: ConfigInForce,
  { revisions, coordination }: GatewayState,
  { load }: Pick<GatewayOptions, 'load'>,
): Omit<PublishParts, 'audit' | 'clock'> | undefined =>
  load && { store: revisions, load, check: (config) => inForce.check(config), settled: () => inForce.settled(), coordination }

/** What the use-cases about keys work on. */
const tenancyParts = (
  { tenancy, audit, records, ledger }: GatewayState,
  { live, clock, issued, limiter }: Pick<EngineParts, 'live' | 'clock' | 'limiter'> & { readonly issued: FollowedKeys },
): TenancyParts => ({
  store: tenancy,
  audit,
  clock,
  random: randomBytes,
  known: () => knownNames(live.config),
  readLimits: readIssuedLimits,
  useOf: (id) => issued.keys.useOf(id),
  records,
  ledger: ledger && { rollups: (query) => ledger.writer.flush().then(() => ledger.store.rollups(query)) },
  reports: callerReports({ limiter, ledger, clock }),
})

/** Keeps the operator's own prices as they are kept, until the returned function is called. */
function followOwnPrices(prices: LazyPrices, state: GatewayState, { logger }: Surroundings): () => void {
  if (state.prices === undefined) return () => undefined
  return followPrices({ store: state.prices, prices, warn: (message) => logger.error({}, message) })
}

const ingressSettings = (settings: ServerSettings): Pick<HttpAppOptions, 'settings' | 'isTrustedProxy'> => ({
  settings,
  isTrustedProxy: createAddressMatcher(settings.trustedProxies),
})

/** The configuration at work, and the one way to the outside, for its providers and for everything else. */
function openLive(
  config: CompiledConfig,
  surroundings: ProviderSurroundings,
): { readonly live: LiveConfig; readonly transport: Transport } {
  const transport = openTransport(surroundings.clock, () => live.config.server.egressEnabled)
  const live: LiveConfig = new LiveConfig(config, providerMaker(surroundings, transport))
  return { live, transport }
}
