import { GatewayError } from '../errors/gateway-error.ts'
import type { Clock } from '../lib/clock.ts'
import { within } from '../lib/within.ts'
import { openWhole, type ClosingList } from '../lib/closing-list.ts'
import { keptAudit } from './audit/kept-audit.ts'
import { createPostgresAudit } from './audit/postgres.ts'
import { createPostgresCertifications } from './certifications/postgres.ts'
import { createMemoryAffinity } from './affinity/memory.ts'
import { createSharedAffinity } from './affinity/shared.ts'
import { createNoCoordination } from './coordination/none.ts'
import { createRedisCoordination } from './coordination/redis.ts'
import type { Coordination } from './coordination/store.ts'
import { createPostgresDisables } from './disables/postgres.ts'
import { readCircuitChange, readProbeChange } from './health/circuit-change.ts'
import { createMemoryHealth } from './health/memory.ts'
import { createPostgresScorecards } from './health/postgres-scorecards.ts'
import { keepScorecards, type ScorecardKeeper } from './health/scorecard-keeper.ts'
import type { HealthStore } from './health/store.ts'
import { configureParts, type GatewayState, type StateSurroundings } from './open-state.ts'
import { createMemoryIdempotency } from './idempotency/memory.ts'
import { idempotencyWithLoss } from './idempotency/on-loss.ts'
import { createRedisIdempotency } from './idempotency/redis.ts'
import type { IdempotencyStore } from './idempotency/store.ts'
import { createMemoryLimits, type MemoryLimits } from './limits/memory.ts'
import { withLoss } from './limits/on-loss.ts'
import { keepPeriods } from './limits/period-keeper.ts'
import { createRedisLimits } from './limits/redis.ts'
import { spentInLedger } from './limits/spent-before.ts'
import { openSqlitePeriods } from './limits/sqlite-periods.ts'
import type { LimitStore } from './limits/store.ts'
import { freshSalt, sharedSessionSalt } from './installation/postgres.ts'
import { ledgerOn, SPOOL_SUFFIX, type OpenLedger } from './ledger/open.ts'
import { createPostgresLedger } from './ledger/postgres.ts'
import type { LedgerStore } from './ledger/store.ts'
import { createRedisOpenAttempts } from './open-attempts/redis.ts'
import { openSqliteOpenAttempts } from './open-attempts/sqlite.ts'
import { migratePostgres } from './postgres/migrate.ts'
import { openPostgres, type Postgres } from './postgres/postgres.ts'
import { createPostgresPrices } from './prices/postgres.ts'
import { withRetention } from './records/open.ts'
import { createPostgresRecords } from './records/postgres.ts'
import { openRedis, type Redis } from './redis/redis.ts'
import { createPostgresRevisions } from './revisions/postgres.ts'
import { createPostgresRotatedKeys } from './rotated-keys/postgres.ts'
import { PERIODS_SUFFIX } from './shared-files.ts'
import { SHARED_DOMAINS } from './shared-domains.ts'
import { createMemorySignatures } from './signatures/memory.ts'
import { createSharedSignatures } from './signatures/shared.ts'
import type { SharedStateSettings } from './state.schema.ts'
import { createPostgresTenancy } from './tenancy/postgres.ts'

export interface OpenSharedStateOptions extends StateSurroundings {
  readonly shared: SharedStateSettings
  /** Where this process alone may keep files for what the database does not take at once: the beginning of their paths. */
  readonly spoolPath: string | undefined
}

const CIRCUITS = 'circuit'
const PROBES = 'probe'
/** Replicas probe one after the other, as far apart that whoever goes first has been heard of. */
const TURN_MS = 250
const LEDGER_WRITE_MS = 1_000
/** A call waits for this before it is admitted. */
const LIMITS_MS = 250

/**
 * State that several gateways share: PostgreSQL holds what must last, Redis carries what must be quick. What requests read lies in the memory
 * of each. Nothing is sent before `join`. Throws `state_unavailable` where there are no clients for them, with nothing left open.
 */
export const openSharedState = (options: OpenSharedStateOptions): GatewayState =>
  openWhole((opened) => sharedStateOf(options, opened))

function sharedStateOf(options: OpenSharedStateOptions, opened: ClosingList): GatewayState {
  const { shared, clock, warn } = options
  const database = opened.add(openPostgres({ address: shared.postgres, clock }))
  const redis = shared.redis && openRedis({ address: shared.redis, clock })
  const coordination = opened.add(openCoordination(options, redis))
  const limitsRedis = shared.redis && opened.add(openRedis({ address: shared.redis, clock, deadlineMs: LIMITS_MS }))
  const health = createSharedHealth(options, coordination)
  const records = opened.add(openSharedRecords(options, database))
  const ledger = openSharedLedger(options, { database, redis })
  if (ledger !== undefined) opened.add(ledger)
  const limits = openSharedLimits(options, { redis: limitsRedis, coordination, ledger, opened })
  const { audit, keepAuditFor } = keptAudit(createPostgresAudit(database), { ...options, opened })
  const tenancy = opened.add(createPostgresTenancy({ database, clock, coordination }))
  const prices = opened.add(createPostgresPrices({ database, clock, coordination }))
  const disables = opened.add(createPostgresDisables({ database, clock, coordination }))
  let scorecards: ScorecardKeeper | undefined
  let sessionSalt = freshSalt()
  return {
    records,
    health,
    affinity: createSharedAffinity({ local: createMemoryAffinity({ clock }), coordination, clock }),
    signatures: createSharedSignatures({ local: createMemorySignatures({ clock }), coordination }),
    disables,
    tenancy,
    certifications: opened.add(createPostgresCertifications({ database, clock, coordination })),
    rotatedKeys: opened.add(createPostgresRotatedKeys({ database, clock, coordination })),
    audit,
    revisions: opened.add(createPostgresRevisions({ database, clock, coordination })),
    prices,
    ledger,
    limits,
    idempotency: openIdempotency(options, limitsRedis),
    get sessionSalt() {
      return sessionSalt
    },
    coordination,
    configure: (next) => configureParts({ records, ledger, keepAuditFor, health, scorecards }, next),
    async join() {
      await migratePostgres(database, { schema: shared.postgres.schema, domains: SHARED_DOMAINS })
      await Promise.all([disables.load(), prices.load()])
      sessionSalt = await sharedSessionSalt(database)
      scorecards ??= opened.add(
        keepScorecards({ health, file: createPostgresScorecards(database), clock, keeping: options.scorecards, warn }),
      )
      await scorecards.loaded
      await coordination.join()
      ledger?.join()
    },
    close: () => opened.close(),
  }
}

function openSharedRecords(options: OpenSharedStateOptions, database: Postgres): ReturnType<typeof withRetention> {
  const { clock, warn, unpack, card, spoolPath } = options
  const records = createPostgresRecords({
    database,
    clock,
    warn,
    unpack,
    writer: card.id,
    spoolPath: spoolPath && `${spoolPath}.records-spool.jsonl`,
  })
  return withRetention(records, options)
}

function openSharedLedger(
  { ledger, clock, warn, preparePrices, spoolPath, card }: OpenSharedStateOptions,
  { database, redis }: { readonly database: Postgres; readonly redis: Redis | undefined },
): OpenLedger | undefined {
  if (!ledger.enabled) return undefined
  const openAttempts =
    redis === undefined
      ? spoolPath && openSqliteOpenAttempts({ path: `${spoolPath}.open-attempts.db`, clock, warn })
      : createRedisOpenAttempts({ redis, process: card.id })
  const store = createPostgresLedger({ database, required: ledger.required })
  const path = spoolPath && `${spoolPath}${SPOOL_SUFFIX}`
  const common = {
    clock,
    warn,
    prepare: preparePrices,
    spoolPath: path,
    isDurable: true,
    openAttempts: openAttempts || undefined,
  }
  return ledgerOn(promptly(store, clock), { ...ledger, ...common })
}

/** While the database hangs, entries are better off in the local file: what was written all the same is recognised by its id. */
function promptly(store: LedgerStore, clock: Clock): LedgerStore {
  return {
    write: (entries) => within(store.write(entries), { clock, ms: LEDGER_WRITE_MS, late }),
    rollups: (query) => store.rollups(query),
    entries: (filter) => store.entries(filter),
    settled: (filter) => store.settled(filter),
    prove: (range) => store.prove(range),
    prune: (before) => store.prune(before),
    close: () => store.close(),
  }
}

function late(): never {
  throw new GatewayError('state_unavailable', `The ledger did not take its entries within ${LEDGER_WRITE_MS} ms.`)
}

interface LimitParts {
  readonly redis: Redis | undefined
  readonly coordination: Coordination
  readonly ledger: OpenLedger | undefined
  readonly opened: ClosingList
}

/** Counted in Redis for all gateways; while it is away, as `on_loss` says. The only gateway on a database counts for itself. */
function openSharedLimits(
  { shared, clock, warn, spoolPath }: OpenSharedStateOptions,
  { redis, coordination, ledger, opened }: LimitParts,
): LimitStore {
  const local = (): MemoryLimits => createMemoryLimits({ clock })
  if (redis === undefined) {
    const limits = local()
    if (spoolPath !== undefined)
      opened.add(keepPeriods({ limits, file: openSqlitePeriods({ path: `${spoolPath}${PERIODS_SUFFIX}`, clock }), clock, warn }))
    return limits
  }
  const spentBefore = ledger && spentInLedger({ ledger: ledger.store, flush: () => ledger.writer.flush(), clock })
  return withLoss({
    shared: createRedisLimits({ redis, learning: spentBefore && { spentBefore, clock } }),
    spentBefore,
    local,
    mode: shared.onLoss,
    replicas: () => coordination.replicas().length,
    changed: (isLost, error) =>
      isLost
        ? warn('limits cannot be counted together', { on_loss: shared.onLoss, error })
        : warn('limits are counted together again', {}),
  })
}

/** As for limits: kept in Redis for all gateways. */
function openIdempotency({ shared, clock, idempotency }: OpenSharedStateOptions, redis: Redis | undefined): IdempotencyStore {
  const local = createMemoryIdempotency({ clock, ...idempotency, capacity: idempotency.maxKeys })
  if (redis === undefined) return local
  return idempotencyWithLoss({ shared: createRedisIdempotency({ redis, ...idempotency }), local, mode: shared.onLoss })
}

const openCoordination = ({ clock, warn, card }: OpenSharedStateOptions, redis: Redis | undefined): Coordination =>
  redis === undefined ? createNoCoordination(card) : createRedisCoordination({ redis, card, clock, warn })

/** Each gateway learns for itself how targets do; a circuit that one of them opens or closes, is so for all, and probed by one. */
function createSharedHealth({ clock, health: settings }: OpenSharedStateOptions, coordination: Coordination): HealthStore {
  const health = createMemoryHealth({
    clock,
    settings,
    onCircuit: (change) => coordination.announce(CIRCUITS, { ...change }),
    onProbe: (change) => coordination.announce(PROBES, { ...change }),
    turnMs: () => TURN_MS * (1 + Math.max(0, placeOf(coordination))),
  })
  coordination.listen(CIRCUITS, (announcement, ageMs) => {
    const change = readCircuitChange(announcement, ageMs)
    if (change !== undefined) health.adopt(change)
  })
  coordination.listen(PROBES, (announcement) => {
    const change = readProbeChange(announcement)
    if (change !== undefined) health.adoptProbe(change)
  })
  return health
}

/** The place of this replica among all, the same for whoever asks. */
const placeOf = (coordination: Coordination): number =>
  coordination
    .replicas()
    .map(({ id }) => id)
    .toSorted()
    .indexOf(coordination.id)
